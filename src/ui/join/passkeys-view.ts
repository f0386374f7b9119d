/**
 * Who signs for the tree: its passkeys, the one that waits, and the card.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { PasskeyLine, TreeStatus } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { icon } from '../part/icon.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import type { PasskeyPort } from '../ports.ts'
import { hashOf } from '../route.ts'
import { joinWords } from './words.ts'
import './passkey-sheet.ts'
import type { PasskeyDeed } from './passkey-sheet.ts'

const { passkeys: words } = joinWords

export class BtPasskeys extends LitElement {
  static override properties = {
    tree: { attribute: false },
    actions: { attribute: false },
    passkey: { attribute: false },
    hash: {},
    deed: { state: true },
    isStopping: { state: true },
  }
  declare tree: TreeStatus
  declare actions: Actions
  declare passkey: PasskeyPort
  declare hash: string
  /** What is being done to them; null: nothing. */
  declare deed: PasskeyDeed | null
  declare isStopping: boolean

  static override styles = [
    shared,
    sectionStyle,
    css`
      ul {
        display: grid;
        gap: var(--space-3);
        inline-size: 100%;
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        align-items: center;
        gap: var(--space-3);
      }
      li > .icon {
        color: var(--ink-quiet);
      }
      li p {
        text-wrap: balance;
      }
    `,
  ]

  constructor() {
    super()
    this.deed = null
    this.isStopping = false
  }

  override render() {
    const { root, ownerName, removed } = this.tree
    if (root === null) return nothing
    const { passkeys, pending, cardSinceMs } = root
    const mayChange = removed === null
    return html`<section class="card" aria-labelledby="passkeys">
      <h2 id="passkeys">${words.title}</h2>
      <ul role="list">
        ${passkeys.map((line, at) => this.#passkey(line, at, mayChange))}
        ${pending ? this.#pending(pending, mayChange) : nothing}
        <li>
          ${icon('restore')}
          <div>
            <p>${words.card}</p>
            <p class="quiet small">${words.cardHelp}</p>
            <p class="quiet small number">${words.cardSince(cardSinceMs)}</p>
          </div>
          ${
            mayChange
              ? html`<a class="button plain" aria-label=${words.cardReplaceLabel} href=${hashOf('/card', this.hash)}
                  >${words.cardReplace}</a
                >`
              : nothing
          }
        </li>
      </ul>
      ${pending ? nothing : html`<p class="quiet small">${words.advice(passkeys.length)}</p>`}
      ${
        pending === null && mayChange
          ? html`<div class="row">
              <button @click=${() => (this.deed = { kind: 'add', ownerName, known: passkeys })}>
                ${icon('key')}${words.add.open}
              </button>
            </div>`
          : nothing
      }
      <bt-passkey-sheet
        .deed=${this.deed}
        .actions=${this.actions}
        .passkey=${this.passkey}
        @bt-sheet-closed=${() => (this.deed = null)}
      ></bt-passkey-sheet>
    </section>`
  }

  #passkey(line: PasskeyLine, at: number, mayChange: boolean) {
    const name = words.name(at + 1)
    const isLast = this.tree.root?.passkeys.length === 1
    return html`<li>
      ${icon('key')}
      <div>
        <p>${name}</p>
        <p class="quiet small">${words.kind(line.isSynced)}</p>
        <p class="quiet small number">${words.added(line.addedAtMs)}</p>
      </div>
      ${
        mayChange
          ? html`<button
              class="plain"
              aria-label=${words.remove.label(name)}
              @click=${() => (this.deed = { kind: 'remove', id: line.id, name, isLast })}
            >
              ${words.remove.open}
            </button>`
          : nothing
      }
    </li>`
  }

  #pending(line: NonNullable<NonNullable<TreeStatus['root']>['pending']>, mayChange: boolean) {
    return html`<li>
      ${icon('warn')}
      <div>
        <p>${words.waiting.title}</p>
        <p class="quiet small">${words.kind(line.isSynced)}</p>
        <p class="small number">${words.waiting.text(line.countsAtMs, Date.now())}</p>
      </div>
      ${
        mayChange
          ? html`<button class="danger" ?disabled=${this.isStopping} @click=${this.#stop}>
              ${words.waiting.stop}
            </button>`
          : nothing
      }
    </li>`
  }

  async #stop(): Promise<void> {
    this.isStopping = true
    try {
      await this.actions.api.vetoPasskey(crypto.randomUUID())
      this.actions.notices.done(words.waiting.stopped)
    } catch (error) {
      this.actions.notices.problem(sentenceOf(error))
    } finally {
      this.isStopping = false
    }
  }
}
customElements.define('bt-passkeys', BtPasskeys)
