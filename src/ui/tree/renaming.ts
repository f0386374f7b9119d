/**
 * A new name, typed in the row itself.
 * @module
 */
import { type ReactiveController, type ReactiveControllerHost, html } from 'lit'
import type { Item } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import type { NamedEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { words } from '../words.ts'
import '../part/name-form.ts'

export class Renaming implements ReactiveController {
  readonly #host: ReactiveControllerHost & { readonly actions: Actions }
  readonly #ended: (id: string) => void
  /** Empty: nothing is being renamed. */
  #id = ''
  #problem = ''

  /** @param ended with the item that was renamed, or was not */
  constructor(host: ReactiveControllerHost & { readonly actions: Actions }, ended: (id: string) => void) {
    this.#host = host
    this.#ended = ended
    host.addController(this)
  }
  /** What is typed does not outlive the list that it is typed in. */
  hostDisconnected(): void {
    this.#id = ''
  }

  begin(item: Item): void {
    this.#id = item.id
    this.#tell('')
  }

  /** The form that stands in place of the name; undefined where this item is not being renamed. */
  formOf(item: Item) {
    if (this.#id !== item.id) return undefined
    return html`<bt-name-form
      compact
      .label=${words.item.name}
      .value=${item.name}
      .problem=${this.#problem}
      @click=${(event: Event) => event.stopPropagation()}
      @bt-named=${(event: NamedEvent) => this.#try(item, event.name)}
      @bt-name-left=${() => this.#end()}
    ></bt-name-form>`
  }

  async #try(item: Item, name: string): Promise<void> {
    try {
      await this.#host.actions.rename(item, name)
      this.#end()
    } catch (error) {
      this.#tell(sentenceOf(error))
    }
  }
  #end(): void {
    const id = this.#id
    this.#id = ''
    this.#tell('')
    this.#ended(id)
  }
  #tell(problem: string): void {
    this.#problem = problem
    this.#host.requestUpdate()
  }
}
