/**
 * What the commands of this project share: they run on a fresh clone with only Node and npm, so nothing here is imported
 * from a package before it was installed.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildKernelIfChanged } from './kernel.mjs'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const inRoot = (...parts) => join(root, ...parts)

/** A failure that a person can do something about: its message is all that they need to see. */
export class Sentence extends Error {
  name = 'Sentence'
}

/** @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`)
}

/**
 * Runs a command's body; what it throws ends the process with status 1, as one sentence where it is meant for a person.
 * @param {() => Promise<void>} body
 */
export async function main(body) {
  try {
    requireNode()
    await body()
  } catch (error) {
    process.stderr.write(
      `${error instanceof Sentence ? error.message : error instanceof Error ? error.stack : error}\n`,
    )
    process.exit(1)
  }
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  throw new Sentence(
    `Blocktree needs Node.js 20.19 or newer, and this is ${process.versions.node}: see https://nodejs.org`,
  )
}

/** @param {number} sinceMs of `performance.now()` */
const secondsSince = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

/**
 * Runs a program: its title at once, a sign of life every ten seconds, and its output where it fails.
 * @param {string} title what is being done, for a person
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string | undefined>, isShown?: boolean, mayFail?: boolean }} [options] isShown: its output
 *   goes to the terminal as it comes. mayFail: a failure is an answer, not an error
 * @returns {Promise<{ status: number, output: string }>}
 */
export async function run(title, program, args, { env = {}, isShown = false, mayFail = false } = {}) {
  const startedMs = performance.now()
  say(`${title} …`)
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
    // Only there are programs scripts that the shell must start.
    shell: process.platform === 'win32' && !program.endsWith('.exe'),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  const signOfLife = setInterval(() => isShown || say(`  … ${secondsSince(startedMs)}`), 10_000)
  const status = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += `${error.message}\n`
      resolve(127)
    })
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
  clearInterval(signOfLife)
  if (status === 0) say(`  done in ${secondsSince(startedMs)}`)
  else if (!mayFail)
    throw new Sentence(`${output.trimEnd()}\n${title} failed: ${basename(program)} ended with status ${status}.`)
  return { status, output }
}

/**
 * Runs npm, by the very program that runs this one where that is npm.
 * @param {string} title
 * @param {readonly string[]} args
 */
function runNpm(title, args) {
  const { npm_execpath: npm } = process.env
  return npm && /npm-cli\.c?js$/.test(npm) ? run(title, process.execPath, [npm, ...args]) : run(title, 'npm', args)
}

/** Installs the packages of the lockfile, unless just those are installed. */
export async function installIfMissing() {
  const lockfile = readFileSync(inRoot('package-lock.json'))
  const stamp = inRoot('node_modules', '.blocktree-lock')
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} `).update(lockfile).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  if (!isInstalled(JSON.parse(lockfile.toString())))
    // No package here needs a script of its own to be installed, and none is to run one.
    await runNpm('Installing packages', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'])
  writeFileSync(stamp, hash)
}

/** Whether npm itself noted the same packages: they may have been installed without this script. */
function isInstalled({ packages }) {
  const noted = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(noted)) return false
  const { packages: installed } = JSON.parse(readFileSync(noted, 'utf8'))
  return Object.entries(packages).every(
    ([path, { integrity, optional }]) =>
      path === '' || (path in installed ? installed[path].integrity === integrity : optional),
  )
}

/** What the site and its server are made of. */
const inputs = ['src', 'workers', 'public', 'index.html', 'vite.config.ts', 'tsconfig.json', 'package-lock.json']
const isNoInput = (path) => /\.test\.ts$|\.md$|(^|\/)(testdata|testing)\/|^src\/(tool|bench)\//.test(path)

function hashOfInputs() {
  const hash = createHash('sha256').update(process.versions.node)
  for (const input of inputs) {
    const files = existsSync(inRoot(input)) ? filesUnder(inRoot(input)) : []
    for (const path of files.map((file) => relative(root, file).split(sep).join('/')).toSorted())
      if (!isNoInput(path)) hash.update(`\0${path}\0`).update(readFileSync(inRoot(path)))
  }
  return hash.digest('hex')
}

/** @param {string} path a file or a folder */
function filesUnder(path) {
  try {
    return readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path]
    throw error
  }
}

/** The site, built. */
export const siteFolder = inRoot('dist')
const serverFile = inRoot('.cache', 'server', 'server.mjs')
const buildStamp = inRoot('.cache', 'build')

const isBuilt = () => [buildStamp, serverFile, join(siteFolder, 'index.html')].every(existsSync)

/** Builds the site and its server, unless they were built of these very sources. Packages must be installed. */
export async function buildIfChanged() {
  const hash = hashOfInputs()
  if (isBuilt() && readFileSync(buildStamp, 'utf8') === hash) return
  await buildAll(hash)
}

/** Builds the site and its server in any case. Packages must be installed. */
export async function buildAll(hash = hashOfInputs()) {
  const startedMs = performance.now()
  say('Building the site …')
  await withVite(({ build }) => build({ root, configFile: inRoot('vite.config.ts'), logLevel: 'warn' }))
  await bundleForNode('src/relay/server.ts', serverFile)
  writeFileSync(buildStamp, hash)
  say(`  done in ${secondsSince(startedMs)}`)
}

/**
 * Compiles a TypeScript program for Node, which runs none before version 22.18. Packages stay where they are.
 * @param {string} entry under the root
 * @param {string} [outFile]
 * @returns {Promise<string>} the program's path
 */
export async function bundleForNode(entry, outFile = inRoot('.cache', 'run', entry.replace(/\W+/g, '-'), 'main.mjs')) {
  await buildKernelIfChanged()
  await withVite(({ build }) =>
    build({
      root,
      configFile: false,
      publicDir: false,
      logLevel: 'warn',
      plugins: [placesKept],
      build: {
        ssr: inRoot(entry),
        target: 'node20',
        outDir: join(outFile, '..'),
        emptyOutDir: true,
        minify: false,
        rolldownOptions: { output: { entryFileNames: basename(outFile) }, checks: { bundlerTimings: false } },
      },
    }),
  )
  return outFile
}

/** What a program reads beside its source is found from the bundle too. */
const placesKept = {
  name: 'places-kept',
  /** @param {string} code @param {string} id */
  transform: (code, id) =>
    id.includes('node_modules') ? null : code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
}

/** Vite says for all that follows that this is production, which is not so for a test that runs afterwards. */
async function withVite(use) {
  const { NODE_ENV } = process.env
  try {
    return await use(await import('vite'))
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = NODE_ENV
  }
}

/** The site's server as it was built last: what `src/relay/server.ts` exports. */
export async function importServer() {
  if (!isBuilt()) throw new Sentence('Nothing is built yet: npm run build')
  return import(pathToFileURL(serverFile).href)
}

const chromiumVariables = ['BLOCKTREE_CHROMIUM', 'CHROMIUM_PATH']

/**
 * @returns {Promise<string | null>} the path of a Chromium that runs: the one that a variable names, the system's, or
 *   Playwright's own. null: there is none
 */
export async function findChromium() {
  for (const variable of chromiumVariables) {
    const path = process.env[variable]
    if (!path) continue
    if (!existsSync(path)) throw new Sentence(`${variable} names ${path}, where no file is.`)
    return path
  }
  const own = async () => {
    const { chromium } = await import('@playwright/test').catch(() => ({ chromium: null }))
    return chromium?.executablePath()
  }
  return systemChromiums().find(runs) ?? [await own()].find((path) => path && existsSync(path)) ?? null
}

function systemChromiums() {
  if (process.platform === 'darwin')
    return ['/', homedir()].flatMap((base) =>
      ['Google Chrome', 'Chromium'].map((name) => join(base, 'Applications', `${name}.app`, 'Contents', 'MacOS', name)),
    )
  if (process.platform === 'win32')
    return ['ProgramFiles', 'ProgramFiles(x86)', 'LocalAppData']
      .flatMap((variable) => process.env[variable] ?? [])
      .flatMap((base) => [join(base, 'Google', 'Chrome'), join(base, 'Chromium')])
      .map((folder) => join(folder, 'Application', 'chrome.exe'))
  return ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'].flatMap((name) =>
    (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)),
  )
}

/** Not every file of that name is a browser: one may be a stub that says where to get it. */
function runs(path) {
  if (!existsSync(path)) return false
  if (process.platform === 'win32') return true
  // One out of a snap sees neither this folder nor the system's temporary one.
  if (basename(realpathSync(path)) === 'snap') return false
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 })
  return status === 0 && /^(Chromium|Google Chrome)/.test(stdout) && !stdout.includes('snap')
}

/** @returns {Promise<string>} the path of a Chromium that runs, which is installed where there is none */
export async function ensureChromium() {
  const found = await findChromium()
  if (found) return found
  const cli = inRoot('node_modules', '@playwright', 'test', 'cli.js')
  await run('Installing Chromium', process.execPath, [cli, 'install', 'chromium'], { mayFail: true })
  const downloaded = await findChromium()
  if (downloaded) return downloaded
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await run('Reading the list of packages of the system', 'apt-get', ['update'], { env, mayFail: true })
    await run('Installing Chromium of the system', 'apt-get', ['install', '-y', 'chromium'], { env, mayFail: true })
    const installed = await findChromium()
    if (installed) return installed
  }
  throw new Sentence(
    `No Chromium was found, and none could be installed. Install Chromium or Google Chrome, or name one by ${chromiumVariables[0]}=/path/to/chromium.`,
  )
}
