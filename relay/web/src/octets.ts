/* Octets as the tunnel writes them: base64url without padding, one spelling a value (RFC 4648, 5). */

export type Octets = Uint8Array<ArrayBuffer>;

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true });

export function utf8(text: string): Octets {
  return UTF8.encode(text);
}

/** Return the text of octets. Throws where they are none. */
export function textOf(octets: Octets): string {
  return STRICT_UTF8.decode(octets);
}

export function joined(...parts: Octets[]): Octets {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function same(one: Octets, other: Octets): boolean {
  return one.length === other.length && one.every((octet, at) => octet === other[at]);
}

export function encodeOctets(octets: Octets): string {
  const text = btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Decode base64url. Throws where it is not, or is another spelling. */
export function decodeOctets(text: string): Octets {
  const found = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const octets = Uint8Array.from(found, (letter) => letter.charCodeAt(0));
  if (encodeOctets(octets) !== text) throw new RangeError("no base64url");
  return octets;
}

export function hex(octets: Octets): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

export async function sha256(octets: Octets): Promise<Octets> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
}

/** Return a fingerprint as it is shown, in groups of four. */
export function grouped(fingerprint: string): string {
  return fingerprint.replace(/(.{4})(?=.)/g, "$1 ");
}
