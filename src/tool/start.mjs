/**
 * `npm start`: installs, builds and serves the site, and says how to reach it.
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
// As a whole: an older Node has no `parseArgs`, and is to be told so in a sentence.
import * as util from 'node:util'
import { Sentence, buildIfChanged, importServer, installIfMissing, main, root, say, siteFolder } from './lib.mjs'

const defaultPort = 4173
const help = `Serves Blocktree on this computer.

  npm start -- [options]

  --port PORT      default: PORT of the environment, else ${defaultPort}
  --host HOST      who may connect; default: HOST of the environment, else 127.0.0.1 (this computer only); 0.0.0.0: all
  --cert FILE      certificate and
  --key FILE         its key, both PEM: serve https
  --origin URL     where others reach this site, such as https://tree.example or https://name.of.this.computer:${defaultPort};
                   the QR code leads there
  --base PATH      serve under a path, such as /tree/
  --data FOLDER    where the relay keeps its key; default: .cache
  --stun HOST:PORT a server that tells browsers their public address, for devices in different networks; may be repeated
  --no-build       serve what was built last
  --help
`

const options = /** @type {const} */ ({
  port: { type: 'string', default: process.env.PORT || String(defaultPort) },
  host: { type: 'string', default: process.env.HOST || '127.0.0.1' },
  cert: { type: 'string' },
  key: { type: 'string' },
  origin: { type: 'string' },
  base: { type: 'string', default: '/' },
  data: { type: 'string', default: join(root, '.cache') },
  stun: { type: 'string', multiple: true, default: /** @type {string[]} */ ([]) },
  'no-build': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})

await main(async () => {
  const flags = readFlags()
  if (flags.help) return say(help)
  const place = placeOf(flags)
  await installIfMissing()
  if (!flags['no-build']) await buildIfChanged()
  const server = await serve(place)
  const { host, certificate, base, origin } = place
  const address = `${certificate ? 'https' : 'http'}://${nameOf(host)}:${server.port}${base}`
  say(`\n  ${origin ? origin + base : address}\n`)
  if (origin) say(`${await codeOf(origin + base)}\nServed here on port ${server.port}; ${origin} must lead to it.`)
  else say(whyNoCode(host, server.port, Boolean(certificate)))
  say('Ctrl-C ends it.')
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.once(signal, () => void server.close().then(() => process.exit(0)))
})

function readFlags() {
  try {
    return util.parseArgs({ options }).values
  } catch (error) {
    throw new Sentence(`${error instanceof Error ? error.message : error}\n\n${help}`)
  }
}

/** @param {ReturnType<typeof readFlags>} flags */
function placeOf({ port, host, cert, key, origin, base, data, stun }) {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Sentence(`A port is a number up to 65535, not "${port}".`)
  if (Boolean(cert) !== Boolean(key))
    throw new Sentence('A certificate and its key go together: --cert FILE --key FILE.')
  const unclear = stun.find((server) => !/^[\w.-]+(:\d{1,5})?$/.test(server))
  if (unclear !== undefined)
    throw new Sentence(`A STUN server is a host and maybe a port, such as stun.example:3478, not "${unclear}".`)
  return {
    port: Number(port),
    host,
    keyFile: join(data, 'relay.key'),
    stun: stun.map((server) => `stun:${server}`),
    base: pathOf(base),
    certificate: cert && key ? { cert: read(cert), key: read(key) } : null,
    origin: origin === undefined ? null : originOf(origin),
  }
}

/** @param {string} text @returns {string} with a slash at both ends */
function pathOf(text) {
  const path = `/${text}/`.replaceAll(/\/{2,}/g, '/')
  // As a browser would tidy it: what that changes can not be an address.
  if (/^[\w.~/-]+$/.test(path) && new URL(path, 'http://localhost').pathname === path) return path
  throw new Sentence(`A base is a path such as /tree/, not "${text}".`)
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path)
  } catch {
    throw new Sentence(`${path} cannot be read.`)
  }
}

/** @param {string} text */
function originOf(text) {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return url.origin
  throw new Sentence(
    `An origin is https:// with a host name and maybe a port, such as https://tree.example, not "${text}": browsers keep storage keys, service workers and passkeys from all others.`,
  )
}

/** @param {ReturnType<typeof placeOf>} place */
async function serve({ port, host, base, certificate, origin, keyFile, stun }) {
  /** @type {typeof import('../relay/server.ts')} */
  const { serveSite, startRelay } = await importServer()
  const relay = await startRelay({ keyFile }).catch((error) => {
    throw new Sentence(`The relay cannot start, or not keep its key in ${keyFile}: ${error.message}`)
  })
  try {
    const origins = origin ? [origin] : []
    const secure = certificate ? { certificate } : {}
    const server = await serveSite({ folder: siteFolder, host, port, base, origins, relay, stun, ...secure })
    const close = async () => {
      await server.close()
      await relay.close()
    }
    return { port: server.port, close }
  } catch (error) {
    throw sentenceOf(/** @type {NodeJS.ErrnoException} */ (error), host, port)
  }
}

/**
 * @param {NodeJS.ErrnoException} error
 * @param {string} host
 * @param {number} port
 */
function sentenceOf(error, host, port) {
  const { code = '', message } = error
  if (code === 'EADDRINUSE')
    return new Sentence(
      `Port ${port} is taken by another program. End that one, or choose another: npm start -- --port ${port + 1}`,
    )
  if (code === 'EACCES')
    return new Sentence(
      `Port ${port} is kept for the system. Choose one above 1023: npm start -- --port ${defaultPort}`,
    )
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return new Sentence(`${host} is no address of this computer.`)
  if (code.startsWith('ERR_OSSL') || code.startsWith('ERR_SSL'))
    return new Sentence(`The certificate or its key is not valid: ${message}.`)
  return error
}

/**
 * What this computer's own browser calls the host. Not its number: numbers can not have passkeys.
 * @param {string} host
 */
function nameOf(host) {
  if (['127.0.0.1', '::1', '0.0.0.0', '::'].includes(host)) return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** @param {string} address */
async function codeOf(address) {
  const { encodeQR } = await import('qr')
  // The standard's quiet zone (ISO/IEC 18004): some cameras need it.
  const code = encodeQR(address, 'ascii', { border: 4 })
  // Light on dark whatever the terminal's own colours are, since many cameras do not read the reverse.
  return process.stdout.isTTY ? code.replaceAll(/^.+$/gm, (line) => `\x1b[97;40m${line}\x1b[0m`) : code
}

/**
 * @param {string} host
 * @param {number} port
 * @param {boolean} isSecure
 */
function whyNoCode(host, port, isSecure) {
  const isShared = !['127.0.0.1', '::1', 'localhost'].includes(host)
  const why =
    isSecure && isShared
      ? 'No QR code for a phone: which name others reach this computer by, only you know. Say it by --origin.'
      : 'No QR code for a phone: a phone needs an https address, since browsers keep storage keys, service workers and passkeys from plain http.'
  return `${why}
  To get there, any one of these:
    a tunnel, or the folder dist on any static host:   npm start -- --origin https://tree.example
    a certificate that the phone trusts:               npm start -- --host 0.0.0.0 --cert FILE --key FILE --origin https://name:${port}
    a phone on a USB cable: forward port ${port} in chrome://inspect, then open http://localhost:${port} on the phone
`
}
