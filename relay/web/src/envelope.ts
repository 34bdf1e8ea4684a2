/* Questions that only the directory reads, and answers that only this page reads.
 *
 * HPKE (RFC 9180), base mode, single shot, both ways; each question has a reply key of its own, which
 * is forgotten with the answer. The form is public, with vectors: docs/tunnel-protocol.md.
 */

import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";

import { type ExchangeKey, P256, type SuiteId, X25519 } from "./keys";
import { encodeOctets, joined, type Octets, sha256, textOf, utf8 } from "./octets";

const VERSION = 1;
const REQUEST_LABEL = utf8("rufname/1 request\0");
const ANSWER_LABEL = utf8("rufname/1 answer\0");
const RID_BYTES = 16;
const LENGTH_BYTES = 4;

/** Sizes of a plaintext; above the last one, multiples of it. */
const BUCKETS = [256, 1024, 2048, 4096, 8192, 16384];
const LARGEST = 16384;
const MAX_REQUEST = 3 * LARGEST;

const ENC_BYTES: Record<SuiteId, number> = { [X25519]: 32, [P256]: 65 };

export interface Question {
  op: string;
  args: Record<string, unknown>;
  token: string;
}

/** `now`: the directory's time, seconds since the epoch; `waitS`: when to ask again, 0 = not said. */
export interface Answer {
  now: number;
  status: number;
  type: string;
  waitS: number;
  body: Octets;
}

export class EnvelopeRefused extends Error {}

/** A question to send, and what opens its answer. */
export interface Sealed {
  octets: Octets;
  open(octets: Octets): Promise<Answer>;
}

export const suites: Record<SuiteId, CipherSuite> = {
  [X25519]: new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() }),
  [P256]: new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() }),
};

let best: Promise<SuiteId> | undefined;

/** Return the suite that this browser can: X25519 where it is known, else P-256. */
export function bestSuite(): Promise<SuiteId> {
  best ??= suites[X25519].kem.generateKeyPair().then(
    () => X25519,
    () => P256,
  );
  return best;
}

/** Seal a question to a key of the directory of `tid`. */
export async function sealQuestion(question: Question, tid: string, key: ExchangeKey, nowS: number): Promise<Sealed> {
  const suite = suites[key.suite];
  const reply = await suite.kem.generateKeyPair();
  const rid = crypto.getRandomValues(new Uint8Array(RID_BYTES));
  const request = {
    v: 1,
    rid: encodeOctets(rid),
    ts: Math.floor(nowS),
    op: question.op,
    args: question.args,
    rpk: encodeOctets(new Uint8Array(await suite.kem.serializePublicKey(reply.publicKey))),
    tok: question.token,
  };
  const sender = await suite.createSenderContext({
    recipientPublicKey: await suite.kem.deserializePublicKey(key.octets),
    info: requestInfo(tid, key),
  });
  const sealed = await sender.seal(pad(utf8(JSON.stringify(request)), MAX_REQUEST));
  const header = joined(Uint8Array.of(VERSION, key.suite), key.id);
  const octets = joined(header, new Uint8Array(sender.enc), new Uint8Array(sealed));
  return { octets, open: (answer) => openAnswer(answer, octets, rid, key.suite, reply.privateKey) };
}

/** Open an answer; throws `EnvelopeRefused` where it is none of this directory's to this question. */
export async function openAnswer(
  answer: Octets,
  request: Octets,
  rid: Octets,
  suiteId: SuiteId,
  replyKey: CryptoKey,
): Promise<Answer> {
  if (answer[0] !== VERSION || answer[1] !== suiteId) throw new EnvelopeRefused("no answer");
  const suite = suites[suiteId];
  const enc = answer.slice(2, 2 + ENC_BYTES[suiteId]);
  let plain: Octets;
  try {
    const info = joined(ANSWER_LABEL, rid, await sha256(request));
    const recipient = await suite.createRecipientContext({ recipientKey: replyKey, enc, info });
    plain = new Uint8Array(await recipient.open(answer.slice(2 + enc.length)));
  } catch {
    throw new EnvelopeRefused("the answer does not open");
  }
  return readAnswer(unpad(plain));
}

export function requestInfo(tid: string, key: { suite: SuiteId; id: Octets }): Octets {
  return joined(REQUEST_LABEL, utf8(tid), Uint8Array.of(key.suite), key.id);
}

/** Return length, message and zeros up to the next bucket. */
export function pad(message: Octets, limit: number): Octets {
  const size = LENGTH_BYTES + message.length;
  const bucket = BUCKETS.find((each) => each >= size) ?? Math.ceil(size / LARGEST) * LARGEST;
  if (bucket > limit) throw new EnvelopeRefused("too large to be sealed");
  const plain = new Uint8Array(bucket);
  new DataView(plain.buffer).setUint32(0, message.length);
  plain.set(message, LENGTH_BYTES);
  return plain;
}

export function unpad(plain: Octets): Octets {
  const inBucket = BUCKETS.includes(plain.length) || (plain.length > 0 && plain.length % LARGEST === 0);
  const end = inBucket ? LENGTH_BYTES + new DataView(plain.buffer, plain.byteOffset).getUint32(0) : 0;
  if (!inBucket || end > plain.length || plain.subarray(end).some((octet) => octet !== 0)) {
    throw new EnvelopeRefused("the padding is wrong");
  }
  return plain.slice(LENGTH_BYTES, end);
}

/** Return the answer of its plaintext: a line of JSON, then the body. */
function readAnswer(message: Octets): Answer {
  const end = message.indexOf(10);
  try {
    const head = JSON.parse(textOf(message.slice(0, Math.max(end, 0)))) as Record<string, unknown>;
    const { v, now, status, type, wait_s: waitS } = head;
    if (v === 1 && isWhole(now) && isWhole(status) && typeof type === "string" && isWhole(waitS)) {
      return { now, status, type, waitS, body: message.slice(end + 1) };
    }
  } catch {
    // below
  }
  throw new EnvelopeRefused("the answer cannot be read");
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
