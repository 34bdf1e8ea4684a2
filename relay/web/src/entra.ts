/* Signing in with Entra in a browser of one's own: an authorization code with PKCE (RFC 7636), in a window of its own.
 *
 * Law: the directory checks the token, this page nothing of it. The code that stands in an address is worth nothing
 * without the verifier, which never leaves the page that made it.
 */

import { Failure } from "./failure";
import { encodeOctets, sha256, utf8 } from "./octets";
import { type Key, t } from "./texts";

const CHANNEL = "rufname:sign-in";
const CLOSE_MS = 100;

export interface Entra {
  authority: string;
  tenant: string;
  client_id: string;
}

interface Returned {
  state: string;
  code: string;
}

/** Why nobody was signed in, in words. */
export class NotSignedIn extends Error {
  constructor(readonly words: Key) {
    super(words);
  }
}

let waiting: BroadcastChannel | undefined;

/** Hand the code to the page that waits, if this is the window in which somebody signed in; return whether it is. */
export function handBack(): boolean {
  const said = new URLSearchParams(location.hash.slice(1));
  const state = said.get("state");
  if (!state || !(said.has("code") || said.has("error"))) return false;
  history.replaceState(null, "", location.pathname);
  const returned: Returned = { state, code: said.get("code") ?? "" };
  new BroadcastChannel(CHANNEL).postMessage(returned); // not to the opener: a login page may cut that tie
  document.body.textContent = t("signin.close");
  setTimeout(() => window.close(), CLOSE_MS);
  return true;
}

/** Let somebody sign in; return a token. Has to be called by a click, else the browser opens no window. */
export async function signInWithEntra(entra: Entra): Promise<string> {
  const popup = window.open("about:blank", "_blank", "popup,width=520,height=680");
  if (!popup) throw new NotSignedIn("signin.blocked");
  const [state, verifier] = [secret(), secret()];
  const endpoint = `${entra.authority}/${entra.tenant}/oauth2/v2.0`;
  const asked = { client_id: entra.client_id, redirect_uri: `${location.origin}/`, scope: `${entra.client_id}/access_as_user` };
  const challenge = encodeOctets(await sha256(utf8(verifier)));
  const code = returned(state);
  const query = new URLSearchParams({
    ...asked,
    response_type: "code",
    response_mode: "fragment",
    state,
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  popup.location.replace(`${endpoint}/authorize?${query}`);
  const grant = { ...asked, grant_type: "authorization_code", code: await code, code_verifier: verifier };
  return redeem(`${endpoint}/token`, new URLSearchParams(grant));
}

async function redeem(address: string, body: URLSearchParams): Promise<string> {
  const answer = await fetch(address, { method: "POST", body }).catch(() => {
    throw new Failure("away");
  });
  const said = (await answer.json().catch(() => ({}))) as { access_token?: unknown };
  if (!answer.ok || typeof said.access_token !== "string") throw new NotSignedIn("signin.refused");
  return said.access_token;
}

/** Wait for the code of this attempt; one that was begun before waits no longer. */
function returned(state: string): Promise<string> {
  waiting?.close();
  const channel = (waiting = new BroadcastChannel(CHANNEL));
  return new Promise((resolve, reject) => {
    channel.onmessage = ({ data }: MessageEvent<Returned>) => {
      if (data.state !== state) return;
      channel.close();
      if (data.code) resolve(data.code);
      else reject(new NotSignedIn("signin.refused"));
    };
  });
}

function secret(): string {
  return encodeOctets(crypto.getRandomValues(new Uint8Array(32)));
}
