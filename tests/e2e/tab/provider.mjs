// A certified OpenID provider (npm oidc-provider) set up as Entra issues tokens for an API: for tests only.
// People sign in by any name; "admin" is a Global Administrator.
// node provider.mjs PORT: prints "ready" once it listens.

import http from "node:http";
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";

const require = createRequire(new URL("../../../relay/web/package.json", import.meta.url));
const { Provider } = await import(require.resolve("oidc-provider"));

const [port] = process.argv.slice(2);
const tenant = "11111111-2222-4333-8444-555555555555";
const api = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const teams = "1fec8e78-bce4-4aaf-ab1b-5451cc387264";
const oid = "99999999-8888-4777-8666-555555555555";
const globalAdministrator = "62e90394-69f5-4237-9190-012177145e10";
const register = `api://127.0.0.1/${api}/register`;
const browse = `${api}/access_as_user`;
const key = () => ({ ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" });

const client = (client_id) => ({
  client_id,
  client_secret: "secret",
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
});

const provider = new Provider(`http://127.0.0.1:${port}/${tenant}/v2.0`, {
  clients: [
    client(teams),
    client("foreign"),
    {
      client_id: api,
      token_endpoint_auth_method: "none",
      application_type: "native",
      grant_types: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
      redirect_uris: ["http://localhost", "http://127.0.0.1/"],
      response_types: ["code"],
    },
  ],
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  jwks: { keys: [key(), key()] },
  routes: {
    jwks: "/discovery/v2.0/keys",
    token: "/oauth2/v2.0/token",
    authorization: "/oauth2/v2.0/authorize",
    device_authorization: "/oauth2/v2.0/devicecode",
  },
  scopes: ["access_as_user", "other", register, browse],
  clientBasedCORS: () => true,
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:api",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: `access_as_user other ${register} ${browse}`,
        audience: api,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  extraTokenClaims: (ctx, token) => ({
    tid: tenant,
    oid,
    ver: "2.0",
    name: "Erika Beispiel",
    azp: token.clientId,
    scp: token.scope.split("/").pop(), // Entra names a scope without its application
    wids: token.accountId === "admin" ? [globalAdministrator] : [],
    nbf: Math.floor(Date.now() / 1000),
  }),
});

// Entra's paths lie below the tenant: keys at /TENANT/discovery, the issuer at /TENANT/v2.0
const below = new RegExp(`^/(${tenant}|organizations|common)`);
const handle = provider.callback();
http
  .createServer((request, response) => {
    request.url = request.url.replace(below, "").replace(/^\/v2\.0/, "") || "/";
    handle(request, response);
  })
  .listen(Number(port), "127.0.0.1", () => console.log("ready"));
