/**
 * Firefox without a driver, for what a page can find out by itself and tell its host.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** @returns the path of the program; null where there is none */
export function findFirefox(): string | null {
  const named = process.env['BLOCKTREE_FIREFOX']
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const usual = ['firefox-esr', 'firefox'].flatMap((name) => folders.map((folder) => join(folder, name)))
  const ofMac = '/Applications/Firefox.app/Contents/MacOS/firefox'
  return [...(named ? [named] : usual), ofMac].find((path) => existsSync(path)) ?? null
}

/** Everything but this machine lies behind a proxy that does not exist, so the browser asks its maker nothing. */
const preferences = {
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': 'localhost, 127.0.0.1',
  'network.proxy.failover_direct': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
}

/** Shows a page in a new profile while `work` goes on. */
export async function inFirefox<T>(program: string, url: string, work: () => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'blocktree-firefox-'))
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  await writeFile(join(folder, 'user.js'), lines.join('\n'))
  const child = spawn(program, ['--headless', '--no-remote', '--profile', folder, url], {
    stdio: 'ignore',
    // A journey that ran out of time ends it no more.
    timeout: 55_000,
    env: { ...process.env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: '1' },
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  try {
    return await Promise.race([work(), failed])
  } finally {
    child.kill()
    await ended
    await rm(folder, { recursive: true, maxRetries: 5 })
  }
}
