/**
 * Draws an element again whenever something it shows has changed.
 * @module
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'

/** Listens to the `change` of a source that may itself be replaced. */
export class Watching implements ReactiveController {
  readonly #host: ReactiveControllerHost
  readonly #source: () => EventTarget | undefined
  #watched: EventTarget | undefined
  readonly #onChange = () => this.#host.requestUpdate()

  constructor(host: ReactiveControllerHost, source: () => EventTarget | undefined) {
    this.#host = host
    this.#source = source
    host.addController(this)
  }

  hostUpdate(): void {
    this.#watch(this.#source())
  }
  hostDisconnected(): void {
    this.#watch(undefined)
  }

  #watch(source: EventTarget | undefined): void {
    if (source === this.#watched) return
    this.#watched?.removeEventListener('change', this.#onChange)
    this.#watched = source
    source?.addEventListener('change', this.#onChange)
  }
}
