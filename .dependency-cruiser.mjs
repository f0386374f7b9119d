/**
 * Who may import whom. The order of the core's folders is the reading order of the README's map; a folder imports only those
 * before it. `src/tool/borders.test.ts` sees each rule fail on a planted breach.
 */
export const coreOrder =
  'bytes crypto merkle path cap block lock tree raft message raptorq fragment chain ledger contract supervise app'.split(
    ' ',
  )

const inTests = '\\.(test|spec)\\.ts$|/testing/'
const core = (folders) => `^src/core/(${folders.join('|')})/`

/** A rule a core folder that has any after it: nothing in it imports those. */
const readingOrder = coreOrder.slice(0, -1).map((folder, at) => ({
  name: `core-${folder}-before-what-follows`,
  severity: 'error',
  from: { path: core([folder]), pathNot: inTests },
  to: { path: core(coreOrder.slice(at + 1)) },
}))

const only = (name, from, to, allowed, extra = {}) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: inTests, ...extra },
  to: { path: to, pathNot: allowed },
})
const anything = '^(src|workers)/'
const npm = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown', 'core']
const packages = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: inTests },
  to: { dependencyTypes: npm, pathNot: `node_modules/(${allowed})(/|$)` },
})

export default {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('core-is-pure', '^src/core/', anything, '^src/core/'),
    packages('core-has-few-packages', '^src/core/', '@noble|cborg|@scure/bip39'),
    {
      name: 'one-face',
      severity: 'error',
      from: { path: '^src/core/([^/]+)/', pathNot: inTests },
      to: { path: '^src/core/([^/]+)/', pathNot: ['^src/core/$1/', '^src/core/([^/]+)/\\1\\.ts$'] },
    },
    {
      name: 'core-by-its-faces',
      severity: 'error',
      from: { path: '^(src/(port|edge|sim|node|ui|main)|workers/)', pathNot: inTests },
      to: { path: '^src/core/([^/]+)/', pathNot: '^src/core/([^/]+)/\\1\\.ts$' },
    },
    ...readingOrder,
    only('port-is-types-of-core', '^src/port/', anything, '^src/(core|port)/'),
    only(
      'edge-is-a-folder-a-port',
      '^src/edge/([^/]+)/',
      anything,
      '^src/(core|port)/|^src/edge/($1|rpc)/|^src/node/(api|node)\\.ts$',
    ),
    only('sim-is-core-port-node', '^src/sim/', anything, '^src/(core|port|node|sim)/'),
    only('node-is-core-and-port', '^src/node/', anything, '^src/(core|port|node)/'),
    only('page-talks-by-api', '^src/ui/', anything, '^src/(core|ui)/|^src/node/api\\.ts$|^src/edge/(rpc|qr)/'),
    packages('page-is-lit', '^src/ui/', 'lit|lit-html|lit-element|@lit'),
    only(
      'main-composes-the-page',
      '^src/main\\.ts$',
      anything,
      '^src/ui/|^src/edge/[^/]+/page\\.ts$|^src/edge/rpc/|^src/node/api\\.ts$|^workers/node\\.worker\\.ts$',
    ),
    only(
      'service-worker-only-reads',
      '^workers/service\\.worker\\.ts$',
      anything,
      '^src/core/|^src/edge/(store|crypto|keys|rpc|web|tab)/|^src/node/(api|read/[^/]+)\\.ts$',
    ),
    only('workers-compose', '^workers/(?!sim\\.)', anything, '^src/(core|port|edge|node)/', {}),
    only('relay-is-core', '^src/relay/', anything, '^src/(core|relay)/|^src/edge/web/(headers|range)\\.ts$'),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default', 'types'] },
  },
}
