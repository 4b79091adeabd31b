// A certified OpenID provider for tests, with accounts, keys and odd tokens as the tests want them.
// node provider.mjs NODE_MODULES PORT: prints `ready` when it listens; everything under /test/ is ours.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as crypto from 'node:crypto';

const [modules, port] = process.argv.slice(2);
const installed = (path) => import(pathToFileURL(join(modules, path)).href);
const { default: Provider } = await installed('oidc-provider/lib/index.js');
const jose = await installed('jose/dist/webapi/index.js');

const issuer = `http://127.0.0.1:${port}`;
const accounts = new Map();
const asked = {};
let odd = {}; // what the next token answer tells otherwise than it should
let down = false;

async function made(kid, alg = 'RS256') {
  const pair = await jose.generateKeyPair(alg, { extractable: true });
  const about = { kid, alg, use: 'sig' };
  return { kid, alg, secret: { ...await jose.exportJWK(pair.privateKey), ...about }, open: { ...await jose.exportJWK(pair.publicKey), ...about } };
}

const first = await made('first');
const keys = { first, stranger: await made('stranger'), elliptic: await made('elliptic', 'ES256') };
let published = ['first', 'elliptic'];

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'veil', client_secret: 'the secret of veil', redirect_uris: process.env.REDIRECTS.split(' '),
      post_logout_redirect_uris: process.env.LEAVE.split(' '), grant_types: ['authorization_code'], response_types: ['code'],
    },
    { client_id: 'public', token_endpoint_auth_method: 'none', redirect_uris: process.env.REDIRECTS.split(' ') },
    { client_id: 'robot', client_secret: 'the secret of the robot', redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
  ],
  jwks: { keys: [first.secret] },
  cookies: { keys: ['only for tests'] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'groups', 'land', 'sites', 'level', 'realm_access'], email: ['email', 'email_verified'] },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (ctx, audience) => ({ scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'RS256' } } }),
    },
  },
  extraTokenClaims: (ctx, token) => accounts.get(token.accountId ?? token.clientId),
  findAccount: (ctx, id) => accounts.has(id) && { accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) },
});

async function mint({ header = {}, claims, key = 'first' }) {
  const text = (value) => jose.base64url.encode(JSON.stringify(value));
  if (key === 'none') return `${text({ alg: 'none', ...header })}.${text(claims)}.`;
  if (key === 'public as secret') { // the provider's public key, as the bytes of a shared secret
    const pem = crypto.createPublicKey({ key: first.open, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    return new jose.SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first', ...header }).sign(new TextEncoder().encode(pem));
  }
  const { kid, alg, secret } = keys[key];
  return new jose.SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(await jose.importJWK(secret, alg));
}

const controls = {
  account: ({ id, claims }) => accounts.set(id, claims) && {},
  publish: async ({ names }) => {
    for (const name of names) keys[name] ??= await made(name);
    published = names;
    return {};
  },
  mint: async (wanted) => ({ token: await mint(wanted) }),
  odd: (wanted) => { odd = wanted; return {}; },
  down: (wanted) => { down = wanted.down; return {}; },
  asked: () => asked,
};

provider.use(async (ctx, next) => {
  asked[ctx.path] = (asked[ctx.path] ?? 0) + 1;
  if (ctx.path.startsWith('/test/')) {
    let body = '';
    for await (const piece of ctx.req) body += piece;
    ctx.body = await controls[ctx.path.slice('/test/'.length)](JSON.parse(body || '{}'));
    return;
  }
  if (down) {
    ctx.status = 503;
    ctx.body = 'the provider is being mended, at /etc/secret/place';
    return;
  }
  await next();
  if (ctx.path === '/.well-known/openid-configuration' && odd.metadata) ctx.body = { ...ctx.body, ...odd.metadata };
  if (ctx.path === '/jwks') ctx.body = { keys: published.map((name) => keys[name].open) };
  if (ctx.path === '/me' && odd.userinfo) ctx.body = { ...ctx.body, ...odd.userinfo };
  if (ctx.path === '/token' && ctx.body.id_token && odd.token) {
    const claims = { ...jose.decodeJwt(ctx.body.id_token), ...odd.token.claims };
    for (const name of odd.token.without ?? []) delete claims[name];
    ctx.body = { ...ctx.body, id_token: await mint({ ...odd.token, claims }) };
  }
});

const server = createServer(provider.callback()).listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log('ready');
process.stdin.resume().on('end', () => process.exit(0)); // ends with the process that started it
