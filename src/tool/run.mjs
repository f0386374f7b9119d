/**
 * `node src/tool/run.mjs PROGRAM.ts [arguments]`: compiles a program of this project and runs it in this process' place.
 * @module
 */
import { spawn } from 'node:child_process'
import { Sentence, bundleForNode, installIfMissing, main, root } from './lib.mjs'

await main(async () => {
  const [, , entry, ...args] = process.argv
  if (!entry) throw new Sentence('Say which program: node src/tool/run.mjs PROGRAM.ts [arguments]')
  await installIfMissing()
  const program = await bundleForNode(entry)
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], { cwd: root, stdio: 'inherit' })
  // Both get the terminal's Ctrl-C; this one stays until the program has ended in its own way.
  process.on('SIGINT', () => {})
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
})
