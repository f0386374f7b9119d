/**
 * `npm start` as a person meets it: one address, a code that a camera reads, and sentences where it can not be.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import decodeQR from 'qr/decode.js'

const script = fileURLToPath(new URL('../src/tool/start.mjs', import.meta.url))

interface Started {
  readonly process: ChildProcess
  readonly output: () => string
  readonly ended: Promise<number | null>
}
const running: Started[] = []
function start(...flags: string[]): Started {
  const child = spawn(process.execPath, [script, '--no-build', ...flags], {
    env: { ...process.env, PORT: '', HOST: '' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const started = {
    process: child,
    output: () => output,
    ended: new Promise<number | null>((resolve) => child.on('close', resolve)),
  }
  running.push(started)
  return started
}
test.afterEach(async () => {
  for (const { process, ended } of running.splice(0)) {
    process.kill('SIGKILL')
    await ended
  }
})
/** @returns the port that was found */
async function isServing({ output }: Started): Promise<number> {
  await expect.poll(output).toContain('Ctrl-C ends it.')
  return Number(/port (\d+)/.exec(output())![1])
}

test('serves the site, and ends by Ctrl-C', async ({ request }) => {
  const started = start('--port', '0')
  const port = await isServing(started)
  expect(started.output().match(/https?:\/\/\S+:\d+\S*/)?.[0]).toBe(`http://localhost:${port}/`)
  expect(started.output()).toContain('No QR code for a phone')
  const response = await request.get(`http://127.0.0.1:${port}/`)
  expect(await response.text()).toContain('<bt-shell>')
  started.process.kill('SIGINT')
  expect(await started.ended).toBe(0)
})

test('shows a code that a camera reads, and tells the page its public origin and relay', async ({ request }) => {
  const place = ['--origin', 'https://tree.example:8443', '--base', '/of/ada', '--stun', 'stun.example:3478']
  const started = start('--port', '0', ...place)
  const port = await isServing(started)
  expect(decodeQR(pictureOf(started.output()))).toBe('https://tree.example:8443/of/ada/')
  const facts = await request.get(`http://127.0.0.1:${port}/of/ada/relay.json`)
  const peerId = expect.stringMatching(/^12D3KooW\w{44}$/)
  expect(await facts.json()).toEqual({
    origins: ['https://tree.example:8443'],
    relays: [
      { url: 'relay', peerId },
      { url: 'wss://tree.example:8443/of/ada/relay', peerId },
    ],
    stun: ['stun:stun.example:3478'],
  })
})

test('says that a port is taken, and tries no other', async () => {
  const port = await isServing(start('--port', '0'))
  const second = start('--port', String(port))
  expect(await second.ended).toBe(1)
  expect(second.output()).toBe(
    `Port ${port} is taken by another program. End that one, or choose another: npm start -- --port ${port + 1}\n`,
  )
})

for (const { flags, sentence } of [
  { flags: ['--port', 'many'], sentence: /^A port is a number up to 65535, not "many"\.\n$/ },
  { flags: ['--port', '65536'], sentence: /^A port is a number up to 65535, not "65536"\.\n$/ },
  { flags: ['--cert', 'some.pem'], sentence: /^A certificate and its key go together: --cert FILE --key FILE\.\n$/ },
  {
    flags: ['--stun', 'stun:stun.example'],
    sentence: /^A STUN server is a host and maybe a port, such as stun\.example:3478, not "stun:stun\.example"\.\n$/,
  },
  { flags: ['--cert', 'no.pem', '--key', 'no.pem'], sentence: /^no\.pem cannot be read\.\n$/ },
  { flags: ['--origin', 'http://tree.example'], sentence: /^An origin is https:\/\// },
  { flags: ['--origin', 'https://tree.example/path'], sentence: /^An origin is https:\/\// },
  { flags: ['--base', '/../'], sentence: /^A base is a path such as \/tree\/, not "\/\.\.\/"\.\n$/ },
  { flags: ['--prot', '1'], sentence: /Unknown option '--prot'/ },
  { flags: ['--host', '203.0.113.1'], sentence: /^203\.0\.113\.1 is no address of this computer\.\n$/ },
])
  test(`refuses ${flags.join(' ')} with a sentence`, async () => {
    const started = start(...flags)
    expect(await started.ended).toBe(1)
    expect(started.output()).toMatch(sentence)
    expect(started.output()).not.toMatch(/^ {4}at /m)
  })

/** The terminal's characters as a camera sees them: each is two dots, one above the other, light where it is filled. */
function pictureOf(output: string): { width: number; height: number; data: Uint8ClampedArray } {
  const lines = output.split('\n').filter((line) => /^[█▀▄ ]{20,}$/.test(line))
  const dots = lines.flatMap((line) => ['█▀', '█▄'].map((filled) => Array.from(line, (mark) => filled.includes(mark))))
  const scale = 4
  const width = dots[0]!.length * scale
  const data = new Uint8ClampedArray(width * dots.length * scale * 4).fill(255)
  for (let at = 0; at < data.length / 4; at++) {
    const isLight = dots[Math.floor(at / width / scale)]![Math.floor((at % width) / scale)]
    data.fill(isLight ? 255 : 0, at * 4, at * 4 + 3)
  }
  return { width, height: dots.length * scale, data }
}
