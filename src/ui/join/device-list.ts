/**
 * The devices of a tree: how each is reached, what it does, what it holds.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { DeviceLine } from '../../node/api.ts'
import { formatFingerprint } from '../format.ts'
import { dotStyle } from '../part/dot.css.ts'
import { shared } from '../part/shared.ts'
import { words as common } from '../words.ts'
import { joinWords } from './words.ts'

/** Somebody wants a device out of the tree. */
export class RemoveDeviceEvent extends Event {
  readonly device: DeviceLine
  constructor(device: DeviceLine) {
    super('bt-remove-device')
    this.device = device
  }
}

export class BtDeviceList extends LitElement {
  static override properties = { devices: { attribute: false } }
  declare devices: readonly DeviceLine[]

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
      button.remove {
        margin-inline-start: calc(-1 * var(--space-4));
        color: var(--danger);
      }
    `,
  ]

  override render() {
    return html`<ul role="list" aria-label=${joinWords.devices.listLabel}>
      ${repeat(
        this.devices,
        ({ principal }) => principal,
        (device) =>
          line(device, this.devices.length > 1 ? () => this.dispatchEvent(new RemoveDeviceEvent(device)) : null),
      )}
    </ul>`
  }
}
customElements.define('bt-device-list', BtDeviceList)

/** @param remove null where it is the only one */
function line(device: DeviceLine, remove: (() => void) | null) {
  const words = joinWords.devices
  const { name, isThis, path, role, heldBytes, admittedAtMs, principal } = device
  return html`<li>
    <span class="dot ${path === 'away' ? 'away' : ''}"></span>
    <div>
      <h2>
        <bdi>${name || common.added.unnamed}</bdi>${isThis ? html`<span class="this">${words.isThis}</span>` : nothing}
      </h2>
      ${isThis ? nothing : html`<p>${words.path(device)}</p>`}
      <p class="quiet small number">
        ${[words.role[role], ...(heldBytes === null ? [] : [words.held(heldBytes)])].join(' · ')}
      </p>
      <p class="quiet small number">${words.added(admittedAtMs)}</p>
      <details>
        <summary>${words.fingerprint}</summary>
        <p class="mono">${formatFingerprint(principal)}</p>
      </details>
      ${
        remove
          ? html`<button
              class="plain remove"
              aria-label=${isThis ? joinWords.remove.leaveOpen : joinWords.remove.openLabel(name || common.added.unnamed)}
              @click=${remove}
            >
              ${isThis ? joinWords.remove.leaveOpen : joinWords.remove.open}
            </button>`
          : nothing
      }
    </div>
  </li>`
}
