/**
 * The headers of everything that this origin serves. The service worker adds them to what it answers, so that they also hold
 * on a static host that sends none; the server of `npm start` sends the same.
 * @module
 */

/** One a directive, so that each can be read by itself. */
const pagePolicy = [
  "default-src 'none'",
  // The kernels and apps are WebAssembly; nothing else is compiled at run time.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  // Relays are chosen by their owner, so their hosts are not known here.
  "connect-src 'self' wss:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  // A second profile of the same person may be shown beside the first one.
  "frame-ancestors 'self'",
  "require-trusted-types-for 'script'",
  'trusted-types blocktree lit-html',
]

export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': pagePolicy.join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'camera=(self), clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self), ' +
    'geolocation=(), microphone=(), payment=(), usb=(), serial=(), hid=(), midi=(), display-capture=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** A file of the tree may be anything: it gets an opaque origin, no scripts and no way out. */
export const contentHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:",
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  // Looking a name up is a way out too.
  'X-DNS-Prefetch-Control': 'off',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

export function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  const merged = new Headers(response.headers)
  for (const [name, value] of Object.entries(headers)) merged.set(name, value)
  const { status, statusText } = response
  // Answers with these statuses must not have a body, not even an empty one.
  const isBodiless = [101, 204, 205, 304].includes(status)
  return new Response(isBodiless ? null : response.body, { status, statusText, headers: merged })
}
