/**
 * Networks of this computer alone, one a browser, which a bridge joins: what is cut between them is cut for every packet, as no switch
 * of a browser does it for a connection that is open.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Namespaces {
  /** Of the bridge; a site that is served there is reached from each of the networks. */
  readonly host: string
  /** Starts a browser in the network of that number. */
  readonly programs: readonly string[]
  /** What it is told besides, so that `localhost` is the site. */
  readonly args: readonly string[]
  /** Nothing comes out of that network, nor into it. */
  cut(at: number): void
  join(at: number): void
  remove(): Promise<void>
}

/** @returns the reason where this computer does not let us have any */
export async function makeNamespaces(count: number, browser: string): Promise<Namespaces | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'networks of their own take Linux and its superuser'
  const stem = `bt${process.pid % 10_000}`
  const [bridge, subnet] = [`${stem}b`, `10.77.${process.pid % 250}`]
  const host = `${subnet}.1`
  const name = (at: number): string => `${stem}n${at}`
  const wire = (at: number): string => `${stem}v${at}`
  const folder = await mkdtemp(join(tmpdir(), 'blocktree-net-'))
  const all = Array.from({ length: count }, (_, at) => at)
  const remove = async (): Promise<void> => {
    for (const at of all) {
      tried('link', 'del', wire(at))
      tried('netns', 'del', name(at))
    }
    tried('link', 'del', bridge)
    await rm(folder, { recursive: true, force: true })
  }
  const steps = [
    ['link', 'add', bridge, 'type', 'bridge'],
    ['addr', 'add', `${host}/24`, 'dev', bridge],
    ['link', 'set', bridge, 'up'],
    ...all.flatMap((at) => [
      ['netns', 'add', name(at)],
      ['link', 'add', wire(at), 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name(at)],
      ['link', 'set', wire(at), 'master', bridge, 'up'],
      ['-n', name(at), 'addr', 'add', `${subnet}.${at + 11}/24`, 'dev', 'eth0'],
      ['-n', name(at), 'link', 'set', 'eth0', 'up'],
      ['-n', name(at), 'link', 'set', 'lo', 'up'],
      // Names that devices give their addresses in are asked of everybody around.
      ['-n', name(at), 'route', 'add', 'default', 'via', host],
    ]),
  ]
  for (const step of steps) {
    const problem = tried(...step)
    if (problem === null) continue
    await remove()
    return `networks of their own are not to be had here: ${problem}`
  }
  const programs = all.map((at) => join(folder, `browser-${at}`))
  for (const [at, program] of programs.entries()) {
    await writeFile(program, `#!/bin/sh\nexec ip netns exec ${name(at)} ${browser} "$@"\n`)
    await chmod(program, 0o755)
  }
  return {
    host,
    programs,
    args: [`--host-resolver-rules=MAP localhost ${host}`],
    cut: (at) => demand('link', 'set', wire(at), 'down'),
    join: (at) => demand('link', 'set', wire(at), 'up'),
    remove,
  }
}

/** @returns what was wrong; null where nothing was */
function tried(...args: readonly string[]): string | null {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' })
  return status === 0 ? null : (error?.message ?? stderr.trim())
}

function demand(...args: readonly string[]): void {
  const problem = tried(...args)
  if (problem !== null) throw new Error(`ip ${args.join(' ')}: ${problem}`)
}
