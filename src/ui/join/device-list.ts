/**
 * The devices of a tree: how each is reached, what it does, what it holds.
 * @module
 */
import { LitElement, type TemplateResult, css, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { DeviceLine, Limits } from '../../node/api.ts'
import { formatFingerprint } from '../format.ts'
import { dotStyle } from '../part/dot.css.ts'
import { icon } from '../part/icon.ts'
import { shared } from '../part/shared.ts'
import { words as common } from '../words.ts'
import { rightsOf } from './choice.ts'
import { joinWords } from './words.ts'

/** Somebody wants a device out of the tree. */
export class RemoveDeviceEvent extends Event {
  readonly device: DeviceLine
  constructor(device: DeviceLine) {
    super('bt-remove-device')
    this.device = device
  }
}

/** Somebody wants a limited device to have its folder for longer. */
export class ExtendDeviceEvent extends Event {
  readonly device: DeviceLine
  constructor(device: DeviceLine) {
    super('bt-extend-device')
    this.device = device
  }
}

/** Somebody wants a device to decide in place of this one. */
export class HandOverEvent extends Event {
  readonly device: DeviceLine
  constructor(device: DeviceLine) {
    super('bt-hand-over')
    this.device = device
  }
}

export class BtDeviceList extends LitElement {
  static override properties = { devices: { attribute: false }, decides: { type: Boolean } }
  declare devices: readonly DeviceLine[]
  /** This device decides, and could let another one do so. */
  declare decides: boolean

  static override styles = [
    shared,
    dotStyle,
    css`
      ul {
        border-radius: var(--radius-3);
        border: 1px solid var(--line);
        background: var(--surface);
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 var(--space-3);
        padding: var(--space-4);
      }
      li + li {
        border-block-start: 1px solid var(--line);
      }
      .dot {
        margin-block-start: 0.55rem;
      }
      .dot.away {
        background: transparent;
        box-shadow: inset 0 0 0 2px var(--ink-quiet);
      }
      h2 {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 0 var(--space-2);
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      .this {
        padding: 0 var(--space-2);
        border-radius: var(--radius-round);
        background: var(--accent-quiet);
        color: var(--on-accent-quiet);
        font-size: var(--text-1);
        font-weight: 570;
      }
      summary {
        min-block-size: var(--touch);
        align-content: center;
        inline-size: fit-content;
        color: var(--ink-quiet);
        font-size: var(--text-1);
        cursor: pointer;
      }
      .deeds {
        display: flex;
        flex-wrap: wrap;
        margin-inline-start: calc(-1 * var(--space-4));
      }
      button.remove {
        color: var(--danger);
      }
    `,
  ]

  constructor() {
    super()
    this.decides = false
  }

  override render() {
    return html`<ul role="list" aria-label=${joinWords.devices.listLabel}>
      ${repeat(
        this.devices,
        ({ principal }) => principal,
        (device) => line(device, this.#deedsOf(device)),
      )}
    </ul>`
  }

  #deedsOf(device: DeviceLine) {
    if (this.devices.length < 2) return nothing
    const { isThis, role, path, limited } = device
    const name = device.name || common.added.unnamed
    const { remove, handOver, extend } = joinWords
    // Of several that decide none is more than the others.
    const canDecide = this.decides && !isThis && role === 'learner' && path !== 'away' && limited === null
    return html`<div class="deeds">
      ${
        canDecide
          ? html`<button
              class="plain"
              aria-label=${handOver.openLabel(name)}
              @click=${() => this.dispatchEvent(new HandOverEvent(device))}
            >
              ${handOver.open}
            </button>`
          : nothing
      }
      ${
        limited
          ? html`<button
              class="plain"
              aria-label=${extend.openLabel(name)}
              @click=${() => this.dispatchEvent(new ExtendDeviceEvent(device))}
            >
              ${extend.open}
            </button>`
          : nothing
      }
      <button
        class="plain remove"
        aria-label=${isThis ? remove.leaveOpen : remove.openLabel(name)}
        @click=${() => this.dispatchEvent(new RemoveDeviceEvent(device))}
      >
        ${isThis ? remove.leaveOpen : remove.open}
      </button>
    </div>`
  }
}
customElements.define('bt-device-list', BtDeviceList)

const limitsLine = (limited: Limits) =>
  html`<bdi>${joinWords.limited.line(limited.folderName, rightsOf(limited))}</bdi>`

const reportLine = ({ message, atMs }: NonNullable<DeviceLine['report']>) =>
  html`<p class="problem">
    ${icon('warn')}<span>${message} <span class="number">${joinWords.devices.reported(atMs)}.</span></span>
  </p>`

function line(device: DeviceLine, deeds: TemplateResult | typeof nothing) {
  const words = joinWords.devices
  const { name, isThis, path, role, heldBytes, admittedAtMs, expiresAtMs, principal, limited, report } = device
  return html`<li>
    <span class="dot ${path === 'away' ? 'away' : ''}"></span>
    <div>
      <h2>
        <bdi>${name || common.added.unnamed}</bdi>${isThis ? html`<span class="this">${words.isThis}</span>` : nothing}
      </h2>
      ${isThis ? nothing : html`<p>${words.path(device)}</p>`}
      <p class="quiet small number">
        ${limited ? limitsLine(limited) : [words.place, words.role[role], ...(heldBytes === null ? [] : [words.held(heldBytes)])].join(' · ')}
      </p>
      <p class="quiet small number">${words.added(admittedAtMs)} · ${words.term(expiresAtMs, Date.now())}</p>
      ${report ? reportLine(report) : nothing}
      <details>
        <summary>${words.fingerprint}</summary>
        <p class="mono">${formatFingerprint(principal)}</p>
      </details>
      ${deeds}
    </div>
  </li>`
}
