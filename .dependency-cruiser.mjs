/**
 * Who may import whom (the map in README.md). `src/tool/borders.test.ts` sees every rule fail on a planted breach.
 *
 * Data flows one way, thread → node → core; `edge` and `sim` are two implementations of `port`. Workers are started by
 * address, so a thread is no import.
 */

/** The reading order of the core: a folder imports only those before it. */
export const coreFolders = [
  ...['bytes', 'crypto', 'hybrid', 'merkle', 'path', 'cap', 'block', 'lock', 'tree', 'raft', 'message', 'raptorq'],
  ...['fragment', 'chain', 'ledger', 'contract', 'supervise', 'app'],
]

/** The library that each folder of the edge wraps; nobody else knows it. */
const edgeLibraries = {
  crypto: ['hpke', '@noble/'],
  keys: ['hpke', 'idb', '@noble/'],
  store: ['idb'],
  net: ['@libp2p/', '@chainsafe/', '@multiformats/', 'libp2p'],
  qr: ['qr'],
  rpc: ['comlink'],
}

const testing = ['\\.test\\.ts$', '/testing/']
const aPackage = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'core']
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

const anywhere = [
  rule('no-cycle', 'A cycle can be read from no end.', {}, { circular: true }),
  rule('no-unknown', 'The imported file or package must exist.', {}, { couldNotResolve: true }),
  rule(
    'no-way-into-programs',
    'Nothing of the product knows the programs that build, serve, test and measure it.',
    { path: '^(src|workers)/', pathNot: '^src/(tool|relay|bench)/' },
    { path: '^src/(tool|relay|bench)/|^e2e/' },
  ),
  rule(
    'testing-is-for-tests',
    'What helps tests is not shipped.',
    { path: '^(src|workers)/', pathNot: [...testing, '^src/(tool|bench|sim)/'] },
    { path: '/testing/|\\.test\\.ts$' },
  ),
]

const core = [
  rule(
    'core-is-pure',
    'The core is functions: it knows no platform, no node and no page.',
    { path: '^src/core/' },
    { path: '^src/(main\\.ts|(port|edge|sim|node|ui|apps|kernel|relay|bench|tool)/)|^workers/|^e2e/' },
  ),
  rule(
    'core-has-few-packages',
    'Only noble, cborg and the word list of the recovery card; nothing of Node.',
    { path: '^src/core/', pathNot: testing },
    { dependencyTypes: aPackage, pathNot: 'node_modules/(@noble/|cborg/|@scure/bip39/)' },
  ),
  rule(
    'core-words-in-crypto',
    'Recovery words are read and written in one place.',
    { path: '^src/core/', pathNot: '^src/core/crypto/' },
    { path: 'node_modules/@scure/bip39/' },
  ),
  rule(
    'one-face',
    'A folder of the core is entered by the file that has its name.',
    { path: '^src/core/([^/]+)/', pathNot: testing },
    { path: '^src/core/([^/]+)/', pathNot: ['^src/core/$1/', '^src/core/([^/]+)/\\1\\.ts$'] },
  ),
  rule(
    'one-face-from-outside',
    'A folder of the core is entered by the file that has its name.',
    { path: '^(src|workers|e2e)/', pathNot: '^src/core/' },
    { path: '^src/core/', pathNot: ['^src/core/([^/]+)/\\1\\.ts$', '/testing/'] },
  ),
  ...coreFolders
    .slice(0, -1)
    .map((folder, index) =>
      rule(
        `core-order-${folder}`,
        'The core is read from bytes to app; a folder imports only those before it.',
        { path: `^src/core/${folder}/`, pathNot: testing },
        { path: `^src/core/(${coreFolders.slice(index + 1).join('|')})/` },
      ),
    ),
  rule(
    'core-folder-has-a-place',
    'A new folder of the core needs its place in the reading order.',
    { path: '^src/' },
    { path: '^src/core/[^/]+/', pathNot: `^src/core/(${coreFolders.join('|')})/` },
  ),
]

/** Of our own folders only the allowed ones are imported. */
const only = (name, comment, from, ...allowed) =>
  rule(name, comment, typeof from === 'string' ? { path: from } : from, {
    path: '^(src|workers)/',
    pathNot: allowed,
  })
/** The contract of the node is types; so it may be named where its calls are carried. */
const contract = '^src/node/api\\.ts$'
/** Likewise of what the simulator page shows. */
const stage = '^src/port/stage\\.ts$'

const storeys = [
  only('port-imports-core', 'A port is types over those of the core.', '^src/port/', '^src/port/', '^src/core/'),
  rule(
    'port-is-types',
    'A port has nothing that runs.',
    { path: '^src/port/', pathNot: testing },
    { dependencyTypesNot: ['type-only'] },
  ),
  only(
    'edge-stays-in-its-folder',
    'A folder of the edge is one port on the real platform: core, port and the calls between threads, not its neighbours.',
    { path: '^src/edge/([^/]+)/', pathNot: testing },
    ...['^src/edge/$1/', '^src/edge/rpc/', '^src/port/', '^src/core/', contract],
  ),
  only(
    'edge-tests-stay-in-edge',
    'A test of the edge may use other folders of the edge, and no storey above.',
    { path: '^src/edge/.*(\\.test\\.ts$|/testing/)' },
    ...['^src/edge/', '^src/port/', '^src/core/', contract],
  ),
  rule(
    'edge-takes-the-contract-as-types',
    'At run time the edge does not know the node.',
    { path: '^src/edge/' },
    { path: contract, dependencyTypesNot: ['type-only'] },
  ),
  rule(
    'edge-has-one-library-a-folder',
    'Each library is known in the one folder that wraps it.',
    { path: '^src/edge/', pathNot: [...testing, `^src/edge/(${Object.keys(edgeLibraries).join('|')})/`] },
    { dependencyTypes: aPackage },
  ),
  ...Object.entries(edgeLibraries).map(([folder, libraries]) =>
    rule(
      `edge-${folder}-has-its-library`,
      'Each library is known in the one folder that wraps it.',
      { path: `^src/edge/${folder}/`, pathNot: testing },
      { dependencyTypes: aPackage, pathNot: `node_modules/(${libraries.join('|')})` },
    ),
  ),
  only(
    'sim-plays-the-platform',
    'The simulated platform runs the real node, and nothing of the real platform.',
    '^src/sim/',
    ...['^src/sim/', '^src/node/', '^src/port/', '^src/core/'],
  ),
  only(
    'node-knows-ports-only',
    'The same node runs in a phone and in the simulator, so it names neither.',
    { path: '^src/node/', pathNot: testing },
    ...['^src/node/', '^src/port/', '^src/core/'],
  ),
  only(
    'node-tests-run-simulated',
    'A test of the node runs on the simulated platform.',
    { path: '^src/node/.*(\\.test\\.ts$|/testing/)' },
    ...['^src/node/', '^src/sim/', '^src/port/', '^src/core/'],
  ),
  rule(
    'node-has-no-packages',
    'What the node needs of a library it asks of a port.',
    { path: '^src/node/', pathNot: testing },
    { dependencyTypes: aPackage },
  ),
  only(
    'page-talks-by-api',
    'The page asks the node by its api, and holds nothing that the node holds.',
    '^src/ui/',
    ...['^src/ui/', '^src/core/', contract, stage, '^src/edge/(rpc|qr)/\\w+\\.ts$'],
  ),
  rule(
    'page-has-lit',
    'The page is Lit and nothing else.',
    { path: '^src/ui/', pathNot: testing },
    { dependencyTypes: aPackage, pathNot: 'node_modules/(@lit/|lit)' },
  ),
  only(
    'main-composes-the-page',
    'The page is put together from its elements and the window’s half of the ports; of a thread it takes the address.',
    '^src/main\\.ts$',
    ...['^src/ui/', '^src/core/', contract, '^src/edge/[^/]+/page\\.ts$', '^src/edge/rpc/', '^workers/'],
  ),
]

const threads = [
  only(
    'service-worker-only-reads',
    'The service worker is the web server of the node, never the node.',
    '^workers/service\\.worker\\.ts$',
    ...['^src/core/', '^src/port/', contract, '^src/node/read/', '^src/edge/(store|crypto|keys|rpc|tab|web)/'],
  ),
  only(
    'threads-are-thin',
    'A thread builds a platform and hands it over.',
    { path: '^workers/', pathNot: '/(service|sim)\\.worker\\.ts$' },
    ...['^src/edge/', '^src/node/', '^src/core/', '^src/port/', '^src/kernel/'],
  ),
  only(
    'sim-thread-is-thin',
    'The simulator page’s thread also knows the simulated platform.',
    '^workers/sim\\.worker\\.ts$',
    ...['^src/sim/', '^src/edge/', '^src/node/', '^src/core/', '^src/port/'],
  ),
  rule(
    'threads-have-few-packages',
    'Only the service worker needs one of its own, for the precache.',
    { path: '^workers/' },
    { dependencyTypes: aPackage, pathNot: 'node_modules/workbox-' },
  ),
]

const programs = [
  only(
    'relay-is-small',
    'The relay holds no authority: of ours it knows the core, and by what the service worker answers too.',
    '^src/relay/',
    ...['^src/relay/', '^src/core/', '^src/edge/web/(address|headers|range)\\.ts$'],
  ),
]

export default {
  forbidden: [...anywhere, ...core, ...storeys, ...threads, ...programs],
  options: {
    // Imports of types count too: a cycle of types reads no better than another.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'module', 'browser', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
}
