/* Favourites and recent contacts. Law: only in this browser, apart for each tenant and user. */

export const MAX_FAVOURITES = 200;
const MAX_RECENTS = 20;
const MAX_OTHERS = 4;

/** What is kept of a contact; only the id where the host does not clear it at sign-out. */
export interface Kept {
  id: string;
  name?: string;
  company?: string;
  /** Ids of further records of the same person, by which they are found if this one goes. */
  others?: string[];
}

type List = "favourites" | "recents";

export class Shelf {
  private readonly prefix: string;
  /** What the browser would not keep (blocked, full): it lives as long as this page. */
  private readonly unkept = new Map<List, Kept[]>();

  constructor(
    tenant: string,
    user: string,
    private readonly names: boolean,
  ) {
    this.prefix = `rufname:${tenant}:${user}:`;
  }

  read(list: List): Kept[] {
    const unkept = this.unkept.get(list);
    if (unkept) return unkept;
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.prefix + list) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isKept).map(cleaned) : [];
    } catch {
      return [];
    }
  }

  isFavourite(id: string): boolean {
    return this.read("favourites").some((kept) => kept.id === id);
  }

  /** Tell whether a change of the browser's memory, by another window, was one of these lists. */
  holds(key: string | null): boolean {
    return key === null || key.startsWith(this.prefix);
  }

  /** Put a contact among the favourites, or take it out; tell whether there was room. */
  favour(kept: Kept, wanted: boolean): boolean {
    const before = this.read("favourites");
    if (before.some((each) => each.id === kept.id) === wanted) return true; // another window was first
    if (wanted && before.length >= MAX_FAVOURITES) return false; // no other is given up for it
    const others = before.filter((each) => each.id !== kept.id);
    this.write("favourites", wanted ? [...others, this.shorten(kept)] : others, MAX_FAVOURITES);
    return true;
  }

  /** Remember that a contact was used just now. */
  use(kept: Kept): void {
    const others = this.read("recents").filter((each) => each.id !== kept.id);
    this.write("recents", [this.shorten({ others: this.othersOf(kept.id), ...kept }), ...others], MAX_RECENTS);
  }

  /** Return the ids of further records of somebody's. */
  othersOf(id: string): string[] {
    const lists = [...this.read("favourites"), ...this.read("recents")];
    return lists.find((each) => each.id === id && each.others)?.others?.slice(0, MAX_OTHERS) ?? [];
  }

  /** Keep somebody under the id that is now the best record's: another source may have come to know them. */
  follow(id: string, kept: Kept): void {
    for (const list of ["favourites", "recents"] as const) {
      const before = this.read(list);
      const found = before.find((each) => each.id === id);
      if (!found || (id === kept.id && String(found.others ?? "") === String(kept.others ?? ""))) continue;
      const left = before.filter((each) => each.id === id || each.id !== kept.id);
      this.write(list, left.map((each) => (each.id === id ? this.shorten(kept) : each)), MAX_FAVOURITES);
    }
  }

  /** Forget a contact that is no longer there. */
  drop(id: string): void {
    for (const list of ["favourites", "recents"] as const) {
      this.write(list, this.read(list).filter((each) => each.id !== id), MAX_FAVOURITES);
    }
  }

  private shorten(kept: Kept): Kept {
    const others = kept.others?.length ? { others: kept.others.slice(0, MAX_OTHERS) } : {};
    if (!this.names) return { id: kept.id, ...others };
    return { id: kept.id, name: kept.name ?? "", company: kept.company ?? "", ...others };
  }

  private write(list: List, kept: Kept[], most: number): void {
    const left = list === "favourites" ? kept.slice(-most) : kept.slice(0, most);
    try {
      localStorage.setItem(this.prefix + list, JSON.stringify(left));
      this.unkept.delete(list);
    } catch {
      this.unkept.set(list, left);
    }
  }
}

/** Return it without what another version, or a stranger, may have put there. */
function cleaned({ id, name, company, others }: Kept): Kept {
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  const ids = Array.isArray(others) ? others.filter((each) => typeof each === "string") : [];
  return { id, name: text(name), company: text(company), ...(ids.length ? { others: ids } : {}) };
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && typeof (value as Kept).id === "string";
}
