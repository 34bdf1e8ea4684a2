/* Favourites and recent contacts. Law: only in this browser, apart for each tenant and user. */

const MAX_FAVOURITES = 200;
const MAX_RECENTS = 20;

/** What is kept of a contact; only the id where the host does not clear it at sign-out. */
export interface Kept {
  id: string;
  name?: string;
  company?: string;
}

type List = "favourites" | "recents";

export class Shelf {
  private readonly prefix: string;

  constructor(
    tenant: string,
    user: string,
    private readonly names: boolean,
  ) {
    this.prefix = `rufname:${tenant}:${user}:`;
  }

  read(list: List): Kept[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.prefix + list) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isKept) : [];
    } catch {
      return [];
    }
  }

  isFavourite(id: string): boolean {
    return this.read("favourites").some((kept) => kept.id === id);
  }

  /** Put a contact among the favourites, or take it out; return whether it is one now. */
  toggle(kept: Kept): boolean {
    const others = this.read("favourites").filter((each) => each.id !== kept.id);
    const added = others.length === this.read("favourites").length;
    this.write("favourites", added ? [...others, this.shorten(kept)] : others, MAX_FAVOURITES);
    return added;
  }

  /** Remember that a contact was used just now. */
  use(kept: Kept): void {
    const others = this.read("recents").filter((each) => each.id !== kept.id);
    this.write("recents", [this.shorten(kept), ...others], MAX_RECENTS);
  }

  /** Forget a contact that is no longer there. */
  drop(id: string): void {
    for (const list of ["favourites", "recents"] as const) {
      this.write(list, this.read(list).filter((each) => each.id !== id), MAX_FAVOURITES);
    }
  }

  private shorten(kept: Kept): Kept {
    if (!this.names) return { id: kept.id };
    return { id: kept.id, name: kept.name ?? "", company: kept.company ?? "" };
  }

  private write(list: List, kept: Kept[], most: number): void {
    try {
      localStorage.setItem(this.prefix + list, JSON.stringify(list === "favourites" ? kept.slice(-most) : kept.slice(0, most)));
    } catch {
      // a browser that keeps nothing: the lists live as long as this page does not need them
    }
  }
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && typeof (value as Kept).id === "string";
}
