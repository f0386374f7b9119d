/**
 * Which page a route shows.
 * @module
 */
import { html } from 'lit'
import type { Actions } from '../actions.ts'
import type { JobsById, Model } from '../model.ts'
import type { FragmentsPort, HostFactsPort, OpenStage, PasskeyPort, ScannerPort } from '../ports.ts'
import type { Route } from '../route.ts'
import { words } from '../words.ts'
import './fragments-page.ts'
import './plant-page.ts'
import './recover-page.ts'
import './storage-page.ts'
import './trash-page.ts'
import './tree-page.ts'
import '../part/waiting.ts'

/** What the pages are given, each of them some of it. */
export interface Scene {
  readonly model: Model
  readonly jobs: JobsById
  readonly actions: Actions
  readonly passkey: PasskeyPort
  readonly fragments: () => Promise<FragmentsPort>
  readonly scanner: () => Promise<ScannerPort>
  readonly stage: () => Promise<OpenStage>
  readonly hostFacts: HostFactsPort
  readonly groundId: string
  /** Of the invitation that the address had; empty where it had none. */
  readonly invitationCode: string
}

/** The pages of joining are no part of what the page needs to show itself; what stands inside of them is seen until they are here. */
const fetching = html`<bt-waiting .cause=${words.wait.page} .otherWay=${words.wait.pageLong}></bt-waiting>`
const bring = (load: () => Promise<unknown>): void => void load().catch(reportError)

export function viewOf(route: Route, scene: Scene) {
  const { model, jobs, actions, passkey, fragments, groundId } = scene
  const { hash } = location
  switch (route) {
    case '/':
      return html`<bt-tree-page .model=${model} .actions=${actions} .groundId=${groundId}></bt-tree-page>`
    case '/devices':
      bring(() => import('../join/devices-page.ts'))
      return html`<bt-devices-page
        .model=${model}
        .actions=${actions}
        .passkey=${passkey}
        .hostFacts=${scene.hostFacts}
        .hash=${hash}
        >${fetching}</bt-devices-page
      >`
    case '/join':
      bring(() => import('../join/join-page.ts'))
      return html`<bt-join-page
        .model=${model}
        .actions=${actions}
        .scanner=${scene.scanner}
        .code=${scene.invitationCode}
        .hash=${hash}
        >${fetching}</bt-join-page
      >`
    case '/trash':
      return html`<bt-trash-page .model=${model} .actions=${actions}></bt-trash-page>`
    case '/storage':
      bring(() => import('../join/passkeys-view.ts'))
      bring(() => import('../join/hybrid-view.ts'))
      return html`<bt-storage-page
        .model=${model}
        .actions=${actions}
        .passkey=${passkey}
        .hash=${hash}
      ></bt-storage-page>`
    case '/plant':
      return html`<bt-plant-page
        .model=${model}
        .jobs=${jobs}
        .actions=${actions}
        .passkey=${passkey}
        .hash=${hash}
      ></bt-plant-page>`
    case '/card':
      bring(() => import('../join/card-page.ts'))
      return html`<bt-card-page .model=${model} .actions=${actions} .passkey=${passkey} .hash=${hash}
        >${fetching}</bt-card-page
      >`
    case '/recover':
      return html`<bt-recover-page .model=${model} .actions=${actions} .hash=${hash}></bt-recover-page>`
    case '/quarantine':
      bring(() => import('./quarantine-page.ts'))
      return html`<bt-quarantine-page .model=${model} .actions=${actions}>${fetching}</bt-quarantine-page>`
    case '/audit':
      bring(() => import('../join/audit-page.ts'))
      return html`<bt-audit-page .model=${model} .actions=${actions} .hash=${hash}>${fetching}</bt-audit-page>`
    case '/sim':
      bring(() => import('../stage/sim-page.ts'))
      return html`<bt-sim-page .load=${scene.stage} .hash=${hash}>${fetching}</bt-sim-page>`
    case '/shared':
      bring(() => import('./far-page.ts'))
      return html`<bt-far-page .model=${model} .actions=${actions} .hash=${hash}>${fetching}</bt-far-page>`
    case '/fragments':
      return html`<bt-fragments-page .model=${model} .actions=${actions} .load=${fragments}></bt-fragments-page>`
  }
}
