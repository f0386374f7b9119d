/**
 * Which page a route shows.
 * @module
 */
import { html } from 'lit'
import type { Actions } from '../actions.ts'
import type { JobsById, Model } from '../model.ts'
import type { FragmentsPort, PasskeyPort } from '../ports.ts'
import type { Route } from '../route.ts'
import './fragments-page.ts'
import './plant-page.ts'
import './recover-page.ts'
import './storage-page.ts'
import './trash-page.ts'
import './tree-page.ts'

/** What the pages are given, each of them some of it. */
export interface Scene {
  readonly model: Model
  readonly jobs: JobsById
  readonly actions: Actions
  readonly passkey: PasskeyPort
  readonly fragments: () => Promise<FragmentsPort>
  readonly groundId: string
}

export function viewOf(route: Route, { model, jobs, actions, passkey, fragments, groundId }: Scene) {
  const { hash } = location
  switch (route) {
    case '/':
      return html`<bt-tree-page .model=${model} .actions=${actions} .groundId=${groundId}></bt-tree-page>`
    case '/trash':
      return html`<bt-trash-page .model=${model} .actions=${actions}></bt-trash-page>`
    case '/storage':
      return html`<bt-storage-page .model=${model} .actions=${actions} .hash=${hash}></bt-storage-page>`
    case '/plant':
      return html`<bt-plant-page
        .model=${model}
        .jobs=${jobs}
        .actions=${actions}
        .passkey=${passkey}
        .hash=${hash}
      ></bt-plant-page>`
    case '/recover':
      return html`<bt-recover-page .model=${model} .actions=${actions} .hash=${hash}></bt-recover-page>`
    case '/fragments':
      return html`<bt-fragments-page .model=${model} .actions=${actions} .load=${fragments}></bt-fragments-page>`
  }
}
