/**
 * Compiles the kernel (`src/kernel`, AssemblyScript) to WebAssembly, unless that was done of these very sources.
 * @module
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources = join(root, 'src', 'kernel')
const folder = join(root, '.cache', 'kernel')
/** Where `src/edge/wasm/kernel.ts` finds it. */
const compiled = join(folder, 'kernel.wasm')
const stamp = join(folder, 'stamp')

const options = [
  ...['-O3', '--converge', '--runtime', 'stub', '--noAssert', '--uncheckedBehavior', 'always'],
  ...['--enable', 'simd', '--initialMemory', '1'],
]

export async function buildKernelIfChanged() {
  const compiler = readFileSync(join(root, 'node_modules', 'assemblyscript', 'package.json'))
  const hash = createHash('sha256').update(compiler).update(options.join(' '))
  for (const name of readdirSync(sources).toSorted())
    hash.update(`\0${name}\0`).update(readFileSync(join(sources, name)))
  const digest = hash.digest('hex')
  if (existsSync(compiled) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  mkdirSync(folder, { recursive: true })
  // Only now: the compiler takes a second to load.
  const { main } = await import('assemblyscript/asc')
  // Another process may compile at the same time; what has the final name is always whole.
  const unfinished = `${compiled}.${process.pid}`
  const { error, stderr } = await main(
    [join('src', 'kernel', 'kernel.ts'), '-o', unfinished, ...options],
    {},
    {
      writeFile: (name, contents) => writeFileSync(join(root, name), contents),
    },
  )
  if (error) throw new Error(`The kernel did not compile:\n${stderr.toString()}`)
  renameSync(unfinished, compiled)
  writeFileSync(stamp, digest)
}
