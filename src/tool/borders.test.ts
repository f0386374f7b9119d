/**
 * Every rule of this repository's tools is seen to fail: each is planted a breach in a small copy of the layout, under the
 * very configuration that the repository has. A rule without a breach here fails as well.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bins = {
  depcruise: 'dependency-cruiser/bin/dependency-cruise.mjs',
  knip: 'knip/bin/knip.js',
  oxfmt: 'oxfmt/bin/oxfmt',
  oxlint: 'oxlint/bin/oxlint',
  tsc: 'typescript/bin/tsc',
}

let plot: string
beforeAll(async () => {
  plot = await mkdtemp(join(tmpdir(), 'blocktree-borders-'))
  await symlink(join(root, 'node_modules'), join(plot, 'node_modules'), 'junction')
})
afterAll(() => rm(plot, { recursive: true }))

/** A folder with the repository's configuration, and these files. */
async function plant(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(plot, name)
  const configuration = [
    '.dependency-cruiser.mjs',
    '.oxfmtrc.json',
    '.oxlintrc.json',
    'knip.json',
    'package.json',
    'src/core/tsconfig.json',
    'tsconfig.json',
  ]
  for (const file of configuration) await cp(join(root, file), join(folder, file))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  return folder
}

/** What the tool says, whether it is content or not. */
function say(folder: string, tool: keyof typeof bins, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: folder, maxBuffer: 64 * 2 ** 20 }
    execFile(process.execPath, [join(root, 'node_modules', bins[tool]), ...args], options, (_error, out, complaint) =>
      resolve(out || complaint),
    )
  })
}

type Import = readonly [from: string, to: string]
const isFile = (to: string): boolean => /^(src|workers|e2e)\//.test(to)

/** Files that import as told; what is imported exists. */
function filesOf(imports: readonly Import[], keyword = 'import'): Record<string, string> {
  const files: Record<string, string> = {}
  for (const [, to] of imports) if (isFile(to) && !/missing/.test(to)) files[to] = 'export const leaf = 1\n'
  imports.forEach(([from, to], index) => {
    const path = isFile(to) ? posix.relative(posix.dirname(from), to) : to
    const address = isFile(to) && !path.startsWith('.') ? `./${path}` : path
    const name = isFile(to) ? `{ leaf as leaf${index} }` : `* as leaf${index}`
    files[from] = `${files[from] ?? ''}${keyword} ${name} from '${address}'\nexport { leaf${index} }\n`
  })
  return files
}

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}
async function violationsOf(folder: string): Promise<Violation[]> {
  const asJson = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', '--no-progress']
  const report = await say(folder, 'depcruise', ...asJson, 'src', 'workers')
  return (JSON.parse(report) as { summary: { violations: Violation[] } }).summary.violations
}

const core = [
  'bytes',
  'crypto',
  'hybrid',
  'merkle',
  'path',
  'cap',
  'block',
  'lock',
  'tree',
  'raft',
  'message',
  'raptorq',
]
const laterCore = ['fragment', 'chain', 'ledger', 'contract', 'supervise', 'app']
const order = [...core, ...laterCore]

/** One breach or more of each rule; a file of the breach's own, so that no other rule answers for it. */
const breaches: Readonly<Record<string, readonly Import[]>> = {
  'no-unknown': [
    ['src/ui/unknown.ts', 'src/ui/missing.ts'],
    ['src/relay/unknown.ts', 'no-such-package'],
  ],
  'no-way-into-programs': [
    ['src/node/into-tool.ts', 'src/tool/tool.ts'],
    ['workers/into-bench.worker.ts', 'src/bench/bench.ts'],
  ],
  'testing-is-for-tests': [
    ['src/node/into-testing.ts', 'src/node/testing/helper.ts'],
    ['src/core/tree/into-test.ts', 'src/core/tree/tree.test.ts'],
  ],
  'core-is-pure': ['port', 'edge', 'sim', 'node', 'ui', 'apps', 'kernel', 'relay', 'bench', 'tool'].map(
    (storey) => [`src/core/bytes/into-${storey}.ts`, `src/${storey}/any.ts`] as const,
  ),
  'core-has-few-packages': [
    ['src/core/bytes/into-idb.ts', 'idb'],
    ['src/core/bytes/into-node.ts', 'node:fs'],
    ['src/core/crypto/into-hpke.ts', 'hpke'],
  ],
  'core-words-in-crypto': [['src/core/path/into-words.ts', '@scure/bip39']],
  'one-face': [['src/core/raft/by-the-window.ts', 'src/core/bytes/codec.ts']],
  'one-face-from-outside': [['src/node/by-the-window.ts', 'src/core/bytes/codec.ts']],
  ...Object.fromEntries(
    order.slice(0, -1).map((folder, index) => [
      `core-order-${folder}`,
      [
        [`src/core/${folder}/forward.ts`, `src/core/${order[index + 1]}/${order[index + 1]}.ts`],
        [`src/core/${folder}/far.ts`, 'src/core/app/app.ts'],
      ] as const,
    ]),
  ),
  'core-folder-has-a-place': [['src/node/into-new.ts', 'src/core/novelty/novelty.ts']],
  'port-imports-core': [['src/port/into-node.ts', 'src/node/any.ts']],
  'port-is-types': [['src/port/at-run-time.ts', 'src/core/bytes/bytes.ts']],
  'edge-stays-in-its-folder': [
    ['src/edge/store/into-keys.ts', 'src/edge/keys/keys.ts'],
    ['src/edge/store/into-node.ts', 'src/node/node.ts'],
  ],
  'edge-tests-stay-in-edge': [['src/edge/store/store.test.ts', 'src/sim/store.ts']],
  'edge-takes-the-contract-as-types': [['src/edge/rpc/at-run-time.ts', 'src/node/api.ts']],
  'edge-has-one-library-a-folder': [['src/edge/clock/into-idb.ts', 'idb']],
  ...Object.fromEntries(
    ['crypto', 'keys', 'store', 'net', 'qr', 'rpc'].map((folder) => [
      `edge-${folder}-has-its-library`,
      [[`src/edge/${folder}/into-lit.ts`, 'lit']] as const,
    ]),
  ),
  'sim-plays-the-platform': [
    ['src/sim/into-edge.ts', 'src/edge/store/store.ts'],
    ['src/sim/into-ui.ts', 'src/ui/any.ts'],
  ],
  'node-knows-ports-only': [
    ['src/node/into-edge.ts', 'src/edge/store/store.ts'],
    ['src/node/read/into-sim.ts', 'src/sim/store.ts'],
    ['src/node/into-ui.ts', 'src/ui/any.ts'],
  ],
  'node-tests-run-simulated': [['src/node/node.test.ts', 'src/edge/store/store.ts']],
  'node-has-no-packages': [
    ['src/node/into-idb.ts', 'idb'],
    ['src/node/into-node.ts', 'node:fs'],
  ],
  'page-talks-by-api': [
    ['src/ui/into-node.ts', 'src/node/node.ts'],
    ['src/ui/page/into-store.ts', 'src/edge/store/store.ts'],
  ],
  'page-has-lit': [['src/ui/into-idb.ts', 'idb']],
  'main-composes-the-page': [
    ['src/main.ts', 'src/node/node.ts'],
    ['src/main.ts', 'src/edge/store/store.ts'],
  ],
  'service-worker-only-reads': [
    ['workers/service.worker.ts', 'src/node/node.ts'],
    ['workers/service.worker.ts', 'src/edge/net/net.ts'],
    ['workers/service.worker.ts', 'src/ui/any.ts'],
  ],
  'threads-are-thin': [
    ['workers/node.worker.ts', 'src/sim/store.ts'],
    ['workers/fragment.worker.ts', 'src/ui/any.ts'],
  ],
  'sim-thread-is-thin': [['workers/sim.worker.ts', 'src/ui/any.ts']],
  'threads-have-few-packages': [['workers/node.worker.ts', 'idb']],
  'relay-is-small': [
    ['src/relay/into-node.ts', 'src/node/node.ts'],
    ['src/relay/into-store.ts', 'src/edge/store/store.ts'],
  ],
}

/** What the design's table allows; by other files than those of the breaches. */
const allowed: readonly Import[] = [
  ...order.slice(1).map((folder) => [`src/core/${folder}/back.ts`, 'src/core/bytes/bytes.ts'] as const),
  ['src/core/app/back.ts', 'src/core/supervise/supervise.ts'],
  ['src/core/crypto/words.ts', '@scure/bip39'],
  ['src/core/bytes/cbor.ts', 'cborg'],
  ['src/core/merkle/hash.ts', '@noble/hashes/sha2.js'],
  ['src/core/path/path.test.ts', 'fast-check'],
  ['src/core/path/path.test.ts', 'src/core/path/testing/paths.ts'],
  ['src/port/testing/suite.ts', 'src/core/bytes/bytes.ts'],
  ['src/edge/store/good.ts', 'src/core/bytes/bytes.ts'],
  ['src/edge/store/good.ts', 'src/port/any.ts'],
  ['src/edge/store/good.ts', 'src/edge/rpc/rpc.ts'],
  ['src/edge/store/good.ts', 'idb'],
  ['src/edge/crypto/good.test.ts', 'src/edge/keys/testing/engines.ts'],
  ['src/sim/good.ts', 'src/node/node.ts'],
  ['src/sim/good.ts', 'src/port/testing/suite.ts'],
  ['src/node/good.ts', 'src/core/tree/tree.ts'],
  ['src/node/good.ts', 'src/port/any.ts'],
  ['src/node/good.test.ts', 'src/sim/store.ts'],
  ['src/ui/good.ts', 'lit'],
  ['src/ui/good.ts', 'src/node/api.ts'],
  ['src/ui/good.ts', 'src/core/bytes/bytes.ts'],
  ['src/ui/good.ts', 'src/edge/rpc/rpc.ts'],
  ['src/relay/good.ts', 'src/core/bytes/bytes.ts'],
  ['src/relay/good.ts', 'src/edge/web/headers.ts'],
  ['src/relay/good.ts', 'node:http'],
  ['src/bench/good.ts', 'src/edge/store/store.ts'],
  ['src/tool/good.ts', 'src/core/raft/testing/adapter.ts'],
]
/** As above, for files that also breach something. */
const allowedThreads: readonly Import[] = [
  ['src/main.ts', 'src/ui/shell.ts'],
  ['src/main.ts', 'src/edge/keys/page.ts'],
  ['src/main.ts', 'src/edge/rpc/rpc.ts'],
  ['src/main.ts', 'workers/fragment.worker.ts'],
  ['workers/service.worker.ts', 'workbox-precaching'],
  ['workers/service.worker.ts', 'src/core/bytes/bytes.ts'],
  ['workers/service.worker.ts', 'src/edge/store/store.ts'],
  ['workers/service.worker.ts', 'src/edge/crypto/crypto.ts'],
  ['workers/service.worker.ts', 'src/edge/keys/keys.ts'],
  ['workers/service.worker.ts', 'src/edge/rpc/rpc.ts'],
  ['workers/service.worker.ts', 'src/node/read/read-only.ts'],
  ['workers/node.worker.ts', 'src/edge/store/store.ts'],
  ['workers/node.worker.ts', 'src/node/node.ts'],
  ['workers/sim.worker.ts', 'src/sim/store.ts'],
]

describe('imports', () => {
  let found: readonly Violation[]
  beforeAll(async () => {
    const folder = await plant('imports', {
      ...filesOf([...Object.values(breaches).flat(), ...allowed, ...allowedThreads]),
      // A cycle of types alone.
      'src/node/round.ts': "import type { Trip } from './trip.ts'\nexport interface Round { readonly trip: Trip }\n",
      'src/node/trip.ts': "import type { Round } from './round.ts'\nexport interface Trip { readonly round: Round }\n",
      'src/port/good.ts': "import type { leaf } from '../core/bytes/bytes.ts'\nexport type Leaf = typeof leaf\n",
      'src/edge/rpc/good.ts': "import type { leaf } from '../../node/api.ts'\nexport type Leaf = typeof leaf\n",
    })
    found = await violationsOf(folder)
  }, 60_000)
  const namesOf = (from: string, to: string): string[] =>
    found
      .filter((violation) => violation.from === from && (!isFile(to) || /missing/.test(to) || violation.to === to))
      .map(({ rule }) => rule.name)

  test.each(Object.entries(breaches).flatMap(([rule, imports]) => imports.map(([from, to]) => ({ rule, from, to }))))(
    '$rule: $from may not import $to',
    ({ rule, from, to }) => expect(namesOf(from, to)).toContain(rule),
  )
  test('no-cycle: two types may not need each other', () =>
    expect(found.filter(({ rule }) => rule.name === 'no-cycle').map(({ from }) => from)).toContain('src/node/round.ts'))

  test.each([...allowed, ...allowedThreads].map(([from, to]) => ({ from, to })))(
    '$from may import $to',
    ({ from, to }) => {
      const isOfBreach = Object.values(breaches).some((imports) => imports.some(([other]) => other === from))
      expect(isOfBreach && !isFile(to) ? [] : namesOf(from, to)).toEqual([])
    },
  )
  test('types of the contract and of the core may be taken', () =>
    expect(found.filter(({ from }) => /src\/(port|edge\/rpc)\/good\.ts/.test(from))).toEqual([]))

  test('each rule has its breach here', async () => {
    const { default: configuration } = (await import(join(root, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: readonly { readonly name: string }[] }
    }
    const names = configuration.forbidden.map(({ name }) => name)
    expect(names.toSorted()).toEqual([...Object.keys(breaches), 'no-cycle'].toSorted())
  })
})

describe('lint', () => {
  const line = (code: string): string => `export const grow = () => ${code}\n`
  const banned = [
    { name: 'Date.now()', code: line('Date.now()'), rules: ['no-restricted-globals', 'no-restricted-properties'] },
    { name: 'new Date(0)', code: line('new Date(0)'), rules: ['no-restricted-globals'] },
    { name: 'Math.random()', code: line('Math.random()'), rules: ['no-restricted-properties'] },
    { name: 'setTimeout()', code: line('setTimeout(() => 1, 1)'), rules: ['no-restricted-globals'] },
    { name: 'setInterval()', code: line('setInterval(() => 1, 1)'), rules: ['no-restricted-globals'] },
    { name: 'performance.now()', code: line('performance.now()'), rules: ['no-restricted-globals'] },
    {
      name: 'crypto.getRandomValues()',
      code: line('crypto.getRandomValues(new Uint8Array(1))'),
      rules: ['no-restricted-globals', 'no-restricted-properties'],
    },
    { name: 'globalThis.Date', code: line('new globalThis.Date(0)'), rules: ['no-restricted-properties'] },
    { name: 'globalThis.crypto', code: line('globalThis.crypto'), rules: ['no-restricted-properties'] },
  ].flatMap((breach, index) =>
    ['core/bytes', 'node', 'sim'].map((folder) => ({ ...breach, file: `src/${folder}/planted-${index}.ts` })),
  )
  const everywhere = [
    {
      rules: ['no-floating-promises'],
      code: 'const grow = async () => 1\nexport function start() {\n  grow()\n}\n',
    },
    { rules: ['no-misused-promises'], code: 'export const grow = (leaf: Promise<number>) => (leaf ? 1 : 0)\n' },
    { rules: ['no-explicit-any'], code: 'export const grow = (leaf: any): string => leaf.name\n' },
    { rules: ['consistent-type-imports'], code: "import { Leaf } from './leaf.ts'\nexport type Tree = Leaf[]\n" },
    { rules: ['no-default-export'], code: 'export default 1\n' },
    { rules: ['no-console'], code: "console.log('a leaf')\nexport {}\n" },
    { rules: ['eqeqeq'], code: 'export const grow = (leaf: number) => leaf == 1\n' },
    { rules: ['extensions'], code: "export { leaf } from './leaf'\n" },
    { rules: ['no-eval'], code: "export const grow = () => eval('1')\n" },
    { rules: ['no-throw-literal'], code: "export const grow = () => {\n  throw 'a leaf'\n}\n" },
    { rules: ['await-thenable'], code: 'export const grow = async () => await 1\n' },
    { rules: ['prefer-const'], code: 'export const grow = () => {\n  let leaf = 1\n  return leaf\n}\n' },
    { rules: ['no-var'], code: 'export var leaf = 1\n' },
  ].map((breach, index) => ({ ...breach, name: breach.rules[0], file: `src/ui/planted-${index}.ts` }))

  let found: readonly {
    readonly filename: string
    readonly code: string
    readonly message: string
    readonly help?: string
  }[]
  beforeAll(async () => {
    const folder = await plant('lint', {
      ...Object.fromEntries([...banned, ...everywhere].map(({ file, code }) => [file, code])),
      'src/ui/leaf.ts': 'export interface Leaf {\n  readonly name: string\n}\nexport const leaf = 1\n',
      // The clock and chance are the edge's to give.
      'src/edge/clock/clock.ts': line('Date.now() + performance.now() + Math.random()'),
    })
    const report = await say(folder, 'oxlint', '--type-aware', '--format', 'json')
    found = (JSON.parse(report) as { diagnostics: typeof found }).diagnostics
  }, 60_000)
  const rulesOf = (file: string): string[] =>
    found.filter(({ filename }) => filename === file).map(({ code }) => /\((.*)\)/.exec(code)![1]!)

  test.each([...banned, ...everywhere])('$name is seen in $file', ({ file, rules }) =>
    expect([...new Set(rulesOf(file))].toSorted()).toEqual(expect.arrayContaining(rules)),
  )
  test('each ban says what to do instead', () => {
    const messages = found
      .filter(({ code }) => code.includes('restricted'))
      .map(({ message, help }) => `${message} ${help}`)
    expect(messages.length).toBeGreaterThan(banned.length)
    for (const message of messages) expect(message).toMatch(/Take |ask |Waiting is |arithmetic is /)
  })
  test('the edge may know the time', () => expect(rulesOf('src/edge/clock/clock.ts')).toEqual([]))
  test('each rule that is configured has its breach here', async () => {
    const text = await readFile(join(root, '.oxlintrc.json'), 'utf8')
    const { rules, overrides } = JSON.parse(text) as {
      rules: Record<string, unknown>
      overrides: readonly { rules: Record<string, unknown> }[]
    }
    const isOn = ([, level]: readonly [string, unknown]): boolean => level !== 'off'
    const configured = [rules, ...overrides.map((override) => override.rules)].flatMap((each) =>
      Object.entries(each)
        .filter(isOn)
        .map(([name]) => name.replace(/.*\//, '')),
    )
    const seen = new Set([...banned, ...everywhere].flatMap((breach) => breach.rules))
    expect([...new Set(configured)].filter((name) => !seen.has(name))).toEqual([])
  })
})

test('the core has no platform to name', { timeout: 60_000 }, async () => {
  const names = [
    'indexedDB',
    'fetch',
    'setTimeout',
    'crypto',
    'document',
    'process',
    'Buffer',
    'TextEncoder',
    'console',
  ]
  const folder = await plant('platform', {
    'src/core/bytes/bytes.ts': names.map((name) => `export const use_${name} = () => ${name}\n`).join(''),
  })
  const report = await say(folder, 'tsc', '-p', 'src/core')
  for (const name of names) expect(report).toMatch(new RegExp(`error TS\\d+: Cannot find name '${name}'`))
})

test('the compiler is strict', { timeout: 60_000 }, async () => {
  const folder = await plant('strict', {
    'src/ui/strict.ts': [
      'export const first = (leaves: string[]): string => leaves[0]',
      'export const unset: { leaf?: string } = { leaf: undefined }',
      'export enum Kind { leaf }',
      "import { Leaf } from './leaf.ts'",
      'export type Tree = Leaf',
    ].join('\n'),
    'src/ui/leaf.ts': 'export interface Leaf { readonly name: string }\n',
  })
  const report = await say(folder, 'tsc', '-p', '.')
  // Unchecked index, exact optional property, erasable syntax, verbatim module syntax.
  for (const code of ['TS2322', 'TS2375', 'TS1294', 'TS1484']) expect(report).toContain(code)
})

test('an unformatted file is seen', async () => {
  const folder = await plant('format', { 'src/ui/ugly.ts': 'export   const leaf = "1";\n' })
  expect(await say(folder, 'oxfmt', '--check', '.')).toContain('src/ui/ugly.ts')
})

test('dead code is seen: a file, an export, a package', { timeout: 60_000 }, async () => {
  const folder = await plant('dead', {
    'workers/node.worker.ts': "import { leaf } from '../src/leaf.ts'\nvoid leaf\n",
    'src/leaf.ts': 'export const leaf = 1\nexport const withered = 2\n',
    'src/fallen.ts': 'export const fallen = 3\n',
  })
  const report = await say(folder, 'knip', '--no-progress')
  expect(report).toMatch(/Unused files[\s\S]*src\/fallen\.ts/)
  expect(report).toMatch(/Unused exports[\s\S]*withered/)
  expect(report).toMatch(/Unused dependencies[\s\S]*comlink/)
})
