import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request as ask } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { type Libp2p, createLibp2p } from 'libp2p'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type Relay, networkOf, startRelay } from './relay.ts'
import { type Server, serveSite } from './server.ts'

let folder: string
let keyFile: string
let relay: Relay
let server: Server
const devices: Libp2p[] = []
beforeAll(async () => {
  vi.stubGlobal('WebSocket', SocketToRelay)
  folder = await mkdtemp(join(tmpdir(), 'blocktree-relay-'))
  keyFile = join(folder, 'kept', 'relay.key')
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  relay = await startRelay({ keyFile })
  const stun = ['stun:stun.example:3478']
  const origins = ['https://tree.example']
  server = await serveSite({ folder, host: '127.0.0.1', port: 0, base: '/tree/', origins, relay, stun })
})
afterAll(async () => {
  for (const device of devices) await device.stop()
  await server.close()
  await relay.close()
  await rm(folder, { recursive: true })
  vi.unstubAllGlobals()
})

/** Addresses of libp2p have no path, and Node 20 has no WebSocket: this is both. */
class SocketToRelay extends WebSocket {
  constructor(address: string) {
    super(`${address}/tree/relay`)
  }
}

async function newDevice(privateKey?: PrivateKey): Promise<Libp2p> {
  const device = await createLibp2p({
    ...(privateKey && { privateKey }),
    addresses: { listen: [`${door()}/p2p-circuit`] },
    transports: [webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify() },
  })
  devices.push(device)
  return device
}
const door = (): string => `/ip4/127.0.0.1/tcp/${server.port}/ws/p2p/${relay.peerId}`
const through = (target: Libp2p): Multiaddr => multiaddr(`${door()}/p2p-circuit/p2p/${target.peerId}`)

test('joins two devices by the port of the site, and carries much between them', async () => {
  const [phone, laptop] = await Promise.all([newDevice(), newDevice()])
  await laptop.handle('/echo/1', echo, { runOnLimitedConnection: true })
  const connection = await phone.dial(through(laptop))
  expect(connection.remotePeer.equals(laptop.peerId)).toBe(true)
  expect(connection.encryption).toBe('/noise')
  const stream = await connection.newStream('/echo/1', { runOnLimitedConnection: true })
  let receivedBytes = 0
  stream.addEventListener('message', ({ data }) => (receivedBytes += data.byteLength))
  const piece = new Uint8Array(64 * 1024).fill(7)
  // libp2p's own limit would end it at 128 KiB.
  for (let count = 0; count < 16; count++) if (!stream.send(piece)) await stream.onDrain()
  await vi.waitFor(() => expect(receivedBytes).toBe(16 * piece.length), { timeout: 20_000 })
})

const echo = (stream: Stream): void =>
  stream.addEventListener('message', ({ data }) => void stream.send(data.subarray()))

test('is the same relay after a restart, by a key that only its owner reads', async () => {
  const again = await startRelay({ keyFile })
  expect(again.peerId).toBe(relay.peerId)
  await again.close()
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
  expect((await readFile(keyFile)).length).toBe(32)
})

test('gives up the place of a device that is gone', async () => {
  const before = relay.reachableCount
  const device = await newDevice()
  await vi.waitFor(() => expect(relay.reachableCount).toBe(before + 1))
  await device.stop()
  await vi.waitFor(() => expect(relay.reachableCount).toBe(before))
})

test('a device that is there keeps its place and what is relayed to it, also after the time of an earlier one', async () => {
  const timers: AbortController[] = []
  const timeout = AbortSignal.timeout.bind(AbortSignal)
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation((delayMs) => {
    // A relayed connection may last for a day.
    if (delayMs <= 24 * 60 * 60_000) return timeout(delayMs)
    timers.push(new AbortController())
    return timers.at(-1)!.signal
  })
  const before = relay.reachableCount
  const privateKey = await generateKeyPair('Ed25519')
  const first = await newDevice(privateKey)
  await vi.waitFor(() => expect(relay.reachableCount).toBe(before + 1))
  await first.stop()
  await vi.waitFor(() => expect(relay.reachableCount).toBe(before))
  const again = await newDevice(privateKey)
  await vi.waitFor(() => expect(relay.reachableCount).toBe(before + 1))
  await again.handle('/echo/1', echo, { runOnLimitedConnection: true })
  const connection = await (await newDevice()).dial(through(again))
  const stream = await connection.newStream('/echo/1', { runOnLimitedConnection: true })
  let receivedBytes = 0
  stream.addEventListener('message', ({ data }) => (receivedBytes += data.byteLength))
  const isThere = async (sentBytes: number): Promise<void> => {
    stream.send(new Uint8Array(100))
    await vi.waitFor(() => expect(receivedBytes).toBe(sentBytes))
    expect(relay.reachableCount).toBe(before + 2)
  }
  await isThere(100)
  spy.mockRestore()
  // Long after each has asked.
  expect(timers.length).toBeGreaterThan(1)
  for (const [at, timer] of timers.entries()) {
    timer.abort()
    await isThere(100 * (at + 2))
  }
  const other = await (await newDevice()).dial(through(again))
  expect(other.remotePeer.equals(again.peerId)).toBe(true)
})

test('lets nobody shut out the others', () => {
  const callers: { readonly socket: PassThrough; readonly isRefused: () => boolean }[] = []
  const call = (remoteAddress: string): boolean => {
    const socket = new PassThrough()
    relay.accept(
      { headers: { upgrade: 'websocket' }, socket: { remoteAddress } } as IncomingMessage,
      socket,
      Buffer.of(),
    )
    callers.push({ socket, isRefused: () => socket.writableEnded })
    return !socket.writableEnded
  }
  const one = Array.from({ length: 300 }, () => call('203.0.113.9'))
  expect(one.filter(Boolean)).toHaveLength(256)
  expect(call('203.0.113.10')).toBe(true)
  // A proxy stands for everybody.
  expect(Array.from({ length: 300 }, () => call('127.0.0.1')).every(Boolean)).toBe(true)
  for (const { socket } of callers) socket.destroy()
})

test('those that connect and say nothing keep nobody out', async () => {
  const silent = Array.from({ length: 256 }, () => new SocketToRelay(`ws://127.0.0.1:${server.port}`))
  await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('open', resolve))))
  const before = relay.reachableCount
  await newDevice()
  await vi.waitFor(() => expect(relay.reachableCount).toBe(before + 1))
  for (const socket of silent) socket.terminate()
})

test.each([
  ['127.0.0.1', null],
  ['::ffff:127.0.0.1', null],
  ['::1', null],
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '20010db8000100'],
  ['2001:db8:1:2ff::6', '20010db8000102'],
  ['2001:db8:1:1234::6', '20010db8000112'],
  ['2001:db8::6', '20010db8000000'],
  ['fe80::1%eth0', null],
  ['fd12:3456::7', null],
  ['10.0.0.9', null],
  ['172.17.0.1', null],
  ['172.32.0.1', '172.32.0.1'],
  ['192.168.1.2', null],
])('counts %s within %s', (address, network) => expect(networkOf(address)).toBe(network))

test('does not start with a key that is none', async () => {
  const damaged = join(folder, 'damaged.key')
  await writeFile(damaged, 'short')
  await expect(startRelay({ keyFile: damaged })).rejects.toThrow('32 octets')
})

test('is announced to the page, relative to it and as others reach it', async () => {
  const facts = await new Promise((resolve, reject) => {
    const sent = ask({ host: '127.0.0.1', port: server.port, path: '/tree/relay.json' }, async (response) =>
      resolve(JSON.parse((await response.toArray()).join(''))),
    )
    sent.on('error', reject).end()
  })
  expect(facts).toEqual({
    origins: ['https://tree.example'],
    relays: [
      { url: 'relay', peerId: relay.peerId },
      { url: 'wss://tree.example/tree/relay', peerId: relay.peerId },
    ],
    stun: ['stun:stun.example:3478'],
  })
})

describe('what is no way to the relay', () => {
  const upgrade = (path: string, protocol: string): Promise<string> =>
    new Promise((resolve) => {
      const headers = { Connection: 'Upgrade', Upgrade: protocol }
      const sent = ask({ host: '127.0.0.1', port: server.port, path, headers }, ({ statusCode }) =>
        resolve(String(statusCode)),
      )
      sent.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code!))
      sent.on('upgrade', () => resolve('upgraded')).end()
    })

  test.each([
    { path: '/relay', protocol: 'websocket', answer: 'ECONNRESET' },
    { path: '/tree/', protocol: 'websocket', answer: 'ECONNRESET' },
    { path: '/tree/relay/', protocol: 'websocket', answer: 'ECONNRESET' },
    { path: '/tree/relay', protocol: 'h2c', answer: '426' },
    { path: '/tree/relay', protocol: 'websocket', answer: '400' },
  ])('$protocol at $path', async ({ path, protocol, answer }) => expect(await upgrade(path, protocol)).toBe(answer))
})
