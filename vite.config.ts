/**
 * How the site is built: a page, its module workers, and one classic service worker that knows every file of the release.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Plugin, build } from 'vite'
import { defineConfig } from 'vitest/config'
import { pageHeaders } from './src/edge/web/headers.ts'
import { buildKernelIfChanged } from './src/tool/kernel.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const serviceWorker = 'service.worker.js'

export default defineConfig({
  root,
  // Works under a sub-path of any static host.
  base: './',
  build: {
    target: 'es2022',
    sourcemap: false,
    // A `data:` address in a style sheet or script would need a wider policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
  worker: { format: 'es' },
  plugins: [kernelFirst(), policyInPage(), serviceWorkerLast()],
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    testTimeout: 60_000,
    // A process of its own for each file would cost more than the tests. What a module keeps, such as a memo, it may keep.
    isolate: false,
    maxWorkers: '100%',
  },
})

/** Compiles the kernel before anything looks for it: the site, its development, and the tests. */
function kernelFirst(): Plugin {
  return { name: 'blocktree-kernel-first', config: () => buildKernelIfChanged() }
}

/**
 * Writes the page's policy into the page, for static hosts that send no headers. Not while developing: there Vite adds styles
 * by script.
 */
function policyInPage(): Plugin {
  const policy = pageHeaders['Content-Security-Policy']!.split('; ')
    // Browsers take this one from a header only, and complain.
    .filter((directive) => !directive.startsWith('frame-ancestors'))
    .join('; ')
  return {
    name: 'blocktree-policy-in-page',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  }
}

/** Builds the service worker when all other files of the release are written, since it names them with their hashes. */
function serviceWorkerLast(): Plugin {
  let folder = ''
  return {
    name: 'blocktree-service-worker',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir)
    },
    configureServer(server) {
      server.middlewares.use(`/${serviceWorker}`, (_request, response, next) => {
        buildServiceWorker(folder, [], false).then((script) => {
          response.setHeader('Content-Type', 'text/javascript')
          response.setHeader('Cache-Control', 'no-cache')
          response.end(script)
        }, next)
      })
    },
    // Not when the bundle is closed: that also comes after a failed build, with nothing written.
    async writeBundle() {
      await buildServiceWorker(folder, releaseFiles(folder), true)
    },
  }
}

interface ReleaseFile {
  readonly url: string
  /** null: the name holds the hash. */
  readonly revision: string | null
}

/** What works offline: all of the built site but the service worker itself and the README's pictures. */
function releaseFiles(folder: string): ReleaseFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name !== serviceWorker && !name.startsWith('picture'))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => {
      const url = relative(folder, path).split(sep).join('/')
      const isNamedByHash = /^assets\/.*-[\w-]{8}\.\w+$/.test(url)
      return { url, revision: isNamedByHash ? null : createHash('sha256').update(readFileSync(path)).digest('hex') }
    })
    .toSorted((one, other) => (one.url < other.url ? -1 : 1))
}

/** One file without imports: the browser keeps it as a whole, and it must start with no network. */
async function buildServiceWorker(folder: string, files: readonly ReleaseFile[], isWritten: boolean): Promise<string> {
  const built = await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: 'warn',
    define: { 'self.__WB_MANIFEST': JSON.stringify(files) },
    build: {
      target: 'es2022',
      write: isWritten,
      outDir: folder,
      emptyOutDir: false,
      sourcemap: false,
      reportCompressedSize: false,
      modulePreload: false,
      rolldownOptions: {
        input: join(root, 'workers/service.worker.ts'),
        output: { format: 'iife', entryFileNames: serviceWorker, codeSplitting: false },
        checks: { bundlerTimings: false },
      },
    },
  })
  const [output] = [built].flat()
  if (!output || !('output' in output) || output.output.length !== 1)
    throw new Error('"service.worker" expected one file')
  return output.output[0].code
}
