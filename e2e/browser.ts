/**
 * The browser that the tests start: persistent profiles that can be closed, killed and opened again, and passkeys.
 * @module
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BrowserContext,
  type BrowserContextOptions,
  type CDPSession,
  type LaunchOptions,
  type Page,
  chromium,
} from '@playwright/test'

/**
 * Whether the true sizes and all combinations are wanted (`npm run prove -- e2e`), or those that show the same in a short time
 * (`npm test`).
 */
export const isProving = process.env['PROVE'] !== undefined
/** Whether the journeys are wanted that measure beside the platform (`npm run bench`). */
export const isMeasuring = process.env['BENCH'] !== undefined

export const browserArguments: string[] = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  // What a browser asks of its maker on its own is nothing that a test should count.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Of such lists the last one counts: what Playwright turns off itself, and the address bar's list of proposals, for which every
  // browser loads two pages of its own that nobody sees. They take as much of the processor as the page under test.
  `--disable-features=${[
    'AvoidUnnecessaryBeforeUnloadCheckSync',
    'DestroyProfileOnBrowserClose',
    'HttpsUpgrades',
    'HttpsFirstBalancedModeAutoEnable',
    'LensOverlay',
    'MediaRouter',
    'PaintHolding',
    'ThirdPartyStoragePartitioning',
    'AvoidCorsURLLoaderRestartOnRedirect',
    'TcpPortRandomizationWin',
    'OptimizationHints',
    'NetworkTimeServiceQuerying',
    'AimEnabled',
    'PreconnectToSearch',
    'WebUIOmniboxPopup',
    'WebUIOmniboxAimPopup',
  ].join()}`,
  // Chromium's sandbox refuses to run for the superuser.
  ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

/** Drawing what moves takes much of the processor; journeys whose subject it is ask for it. */
export const contextOptions: BrowserContextOptions = { reducedMotion: 'reduce' }

/** A browser profile in a folder of its own, and the browser that has it open. */
export interface Profile {
  /** Another one after `reopen` and `kill`. */
  readonly context: BrowserContext
  readonly folder: string
  /** Of the whole browser: all its processes belong to it. */
  readonly processId: number
  /** Opens a tab. @param address relative to the site */
  open(address?: string): Promise<Page>
  /** Closes the browser as a person does, and starts it again. */
  reopen(): Promise<void>
  /** Ends all processes of the browser at once, as a power cut does, and starts it again. */
  kill(): Promise<void>
  /** Closes the browser; the folder stays until the test ends. */
  close(): Promise<void>
}

export interface ProfileOptions {
  /** Of the site; without it every address must be whole. */
  readonly baseURL?: string
  readonly launchOptions: LaunchOptions
  /** Given every context before a page is in it. */
  watch(context: BrowserContext): Promise<void>
}

/** @returns the profile, and what removes all of it */
export async function openProfile(options: ProfileOptions): Promise<[Profile, remove: () => Promise<void>]> {
  const folder = await mkdtemp(join(tmpdir(), 'blocktree-profile-'))
  let running = await launch(folder, options)
  const profile: Profile = {
    folder,
    get context() {
      return running.context
    },
    get processId() {
      return running.processId
    },
    async open(address = './') {
      const page = await running.context.newPage()
      await page.goto(address)
      return page
    },
    async reopen() {
      await running.context.close()
      running = await launch(folder, options)
    },
    async kill() {
      const isClosed = running.context.waitForEvent('close')
      process.kill(process.platform === 'win32' ? running.processId : -running.processId, 'SIGKILL')
      await isClosed
      // The next browser takes these for the sign of one that runs.
      for (const name of await readdir(folder)) if (name.startsWith('Singleton')) await rm(join(folder, name))
      running = await launch(folder, options)
    },
    close: () => running.context.close(),
  }
  const remove = async (): Promise<void> => {
    await running.context.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  return [profile, remove]
}

async function launch(folder: string, { baseURL, launchOptions, watch }: ProfileOptions) {
  const options = { ...launchOptions, ...contextOptions, ...(baseURL && { baseURL }), headless: true }
  const context = await chromium.launchPersistentContext(folder, options)
  await watch(context)
  const devtools = await context.browser()!.newBrowserCDPSession()
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo')
  await devtools.detach()
  return { context, processId: processInfo.find(({ type }) => type === 'browser')!.id }
}

/** A made passkey provider of one page; other pages of the same browser have none of it. */
export interface VirtualAuthenticator {
  readonly devtools: CDPSession
  readonly authenticatorId: string
  /** What it keeps; without the secret of PRF, which is not given out. */
  credentials(): Promise<readonly VirtualCredential[]>
  /** Whether its owner is recognised. A failed ceremony fails all that follow on this page. */
  setUserVerified(isUserVerified: boolean): Promise<void>
  remove(): Promise<void>
}
export interface VirtualCredential {
  readonly credentialId: string
  readonly isResidentCredential: boolean
  readonly privateKey: string
  readonly signCount: number
  readonly rpId?: string
  readonly userHandle?: string
  readonly userName?: string
}
/** What a test may want otherwise; all is true of the usual one. */
export interface AuthenticatorOverrides {
  readonly transport?: 'internal' | 'usb'
  readonly hasPrf?: boolean
  readonly hasLargeBlob?: boolean
  readonly hasUserVerification?: boolean
  readonly isUserVerified?: boolean
  readonly automaticPresenceSimulation?: boolean
  readonly defaultBackupEligibility?: boolean
  readonly defaultBackupState?: boolean
}

/**
 * Makes a passkey provider for a page, before its first ceremony: with user verification, synced, and with PRF.
 * @param overrides such as `{ hasPrf: false }`
 */
export async function virtualAuthenticator(
  page: Page,
  overrides: AuthenticatorOverrides = {},
): Promise<VirtualAuthenticator> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable', { enableUI: false })
  const options = {
    protocol: 'ctap2',
    ctap2Version: 'ctap2_1',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    hasLargeBlob: true,
    hasPrf: true,
    automaticPresenceSimulation: true,
    isUserVerified: true,
    defaultBackupEligibility: true,
    defaultBackupState: true,
    ...overrides,
  } as const
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
  return {
    devtools,
    authenticatorId,
    async credentials() {
      return (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials
    },
    async setUserVerified(isUserVerified) {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
    async remove() {
      await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
      await devtools.detach()
    },
  }
}
