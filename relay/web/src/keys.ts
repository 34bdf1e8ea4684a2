/* Whose directory is it? The keys that questions are sealed to, and who vouches for them.
 *
 * Law: nothing of a bundle is used before its signature, tenant and time are right. The form is
 * public: docs/tunnel-protocol.md.
 */

import { verifyAsync } from "@noble/ed25519"; // not WebCrypto: phones' web views know no Ed25519

import { decodeOctets, hex, joined, type Octets, sha256, textOf, utf8 } from "./octets";

export const X25519 = 1;
export const P256 = 2;

export type SuiteId = typeof X25519 | typeof P256;

const PUBLIC_BYTES: Record<SuiteId, number> = { [X25519]: 32, [P256]: 65 };
const BUNDLE_LABEL = utf8("rufname/1 bundle\0");
const MAX_KEYS = 16;

/** A public key of the directory; `notAfter`: seconds since the epoch. */
export interface ExchangeKey {
  suite: SuiteId;
  id: Octets;
  octets: Octets;
  notAfter: number;
}

/** The keys, and the fingerprint of the identity that signed them. */
export interface Bundle {
  fingerprint: string;
  issued: number;
  keys: ExchangeKey[];
}

export class BundleRefused extends Error {}

/** Read a published bundle. Whether its identity is the right one is for the caller to say. */
export async function readBundle(body: unknown, tid: string): Promise<Bundle> {
  try {
    return await read(body, tid);
  } catch (error) {
    throw error instanceof BundleRefused ? error : new BundleRefused("no signed key bundle");
  }
}

/** Return the key to seal to; undefined: every key of the suite has ended. */
export function newest(bundle: Bundle, suite: SuiteId, nowS: number): ExchangeKey | undefined {
  return bundle.keys
    .filter((key) => key.suite === suite && key.notAfter > nowS)
    .reduce<ExchangeKey | undefined>((best, key) => (best && best.notAfter >= key.notAfter ? best : key), undefined);
}

async function read(body: unknown, tid: string): Promise<Bundle> {
  const { identity, bundle, signature } = record(body, "identity", "bundle", "signature");
  const key = decodeOctets(text(identity));
  const octets = decodeOctets(text(bundle));
  const message = joined(BUNDLE_LABEL, octets);
  if (!(await verifyAsync(decodeOctets(text(signature)), message, key, { zip215: false }))) {
    throw new BundleRefused("the keys are not signed by the directory");
  }
  const signed = record(JSON.parse(textOf(octets)), "v", "tid", "issued", "keys");
  if (signed.v !== 1 || !Array.isArray(signed.keys) || signed.keys.length > MAX_KEYS) {
    throw new BundleRefused("the signed keys cannot be read");
  }
  if (signed.tid !== tid) throw new BundleRefused("the keys are another tenant's");
  const keys = await Promise.all(signed.keys.map(readKey));
  return { fingerprint: hex(await sha256(key)), issued: whole(signed.issued), keys };
}

async function readKey(value: unknown): Promise<ExchangeKey> {
  const key = record(value, "suite", "public", "not_after");
  if (key.suite !== X25519 && key.suite !== P256) throw new BundleRefused("a key of an unknown suite");
  const octets = decodeOctets(text(key.public));
  if (octets.length !== PUBLIC_BYTES[key.suite]) throw new BundleRefused("a key is none of its suite");
  const id = (await sha256(joined(Uint8Array.of(key.suite), octets))).slice(0, 8);
  return { suite: key.suite, id, octets, notAfter: whole(key.not_after) };
}

function record<Name extends string>(value: unknown, ...names: Name[]): Record<Name, unknown> {
  const fields = typeof value === "object" && value ? Object.keys(value) : [];
  if (fields.length !== names.length || names.some((name) => !fields.includes(name))) {
    throw new BundleRefused("no signed key bundle");
  }
  return value as Record<Name, unknown>;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new BundleRefused("no signed key bundle");
  return value;
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new BundleRefused("the signed keys cannot be read");
  return value as number;
}
