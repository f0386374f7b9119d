/**
 * How much room an element has, counted in letters rather than pixels: with text at 200 % a wide window is a narrow page.
 * @module
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit'

export class Room implements ReactiveController {
  widthPx = 0
  heightPx = 0
  /** Pixels of one rem. */
  remPx = 16
  readonly #host: ReactiveControllerHost & Element
  readonly #target: () => Element
  readonly #observer = new ResizeObserver(() => this.#measure())

  /** @param target what is measured; the host itself where none is given. Must exist after the first update. */
  constructor(host: ReactiveControllerHost & Element, target: () => Element = () => host) {
    this.#host = host
    this.#target = target
    host.addController(this)
  }

  get widthRem(): number {
    return this.widthPx / this.remPx
  }

  /** Of the whole window: what an element has may grow with its content. */
  get windowHeightRem(): number {
    return innerHeight / this.remPx
  }

  hostConnected(): void {
    this.#observer.observe(probe())
    this.#host.requestUpdate()
  }
  hostUpdated(): void {
    this.#observer.observe(this.#target())
  }
  hostDisconnected(): void {
    this.#observer.disconnect()
  }

  #measure(): void {
    const { clientWidth, clientHeight } = this.#target()
    const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
    if (clientWidth === this.widthPx && clientHeight === this.heightPx && remPx === this.remPx) return
    this.widthPx = clientWidth
    this.heightPx = clientHeight
    this.remPx = remPx
    this.#host.requestUpdate()
  }
}

let shared: HTMLElement | null = null
/** As wide as a rem: where text gets larger, it tells. */
function probe(): HTMLElement {
  if (shared !== null) return shared
  shared = document.createElement('div')
  Object.assign(shared.style, { position: 'fixed', visibility: 'hidden', inlineSize: '1rem', blockSize: '0' })
  document.body.append(shared)
  return shared
}
