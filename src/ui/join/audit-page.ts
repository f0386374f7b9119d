/**
 * What was allowed in the tree, and when; and who can read and write now (U23).
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { Audit, AuditEvent, GrantLine, NamedDevice } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { formatFingerprint, formatMoment } from '../format.ts'
import type { Model } from '../model.ts'
import { type IconName, icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import { hashOf } from '../route.ts'
import { words as common } from '../words.ts'
import { joinWords } from './words.ts'
import '../part/waiting.ts'

const words = joinWords.audit
const nameOf = ({ name }: NamedDevice): string => name || common.added.unnamed

export class BtAuditPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    hash: {},
    audit: { state: true },
    problem: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare hash: string
  /** null until the tree has told. */
  declare audit: Audit | null
  declare problem: string

  static override styles = [
    shared,
    pageStyle,
    sectionStyle,
    css`
      h1 {
        text-wrap: balance;
      }
      ul,
      ol {
        inline-size: 100%;
        border: 1px solid var(--line);
        border-radius: var(--radius-3);
        background: var(--surface);
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 var(--space-3);
        padding: var(--space-4);
        overflow-wrap: anywhere;
      }
      li + li {
        border-block-start: 1px solid var(--line);
      }
      li > .icon {
        margin-block-start: 0.2em;
        color: var(--accent);
      }
      li.taken > .icon {
        color: var(--ink-quiet);
      }
      summary {
        min-block-size: var(--touch);
        align-content: center;
        inline-size: fit-content;
        cursor: pointer;
      }
      .mono {
        color: var(--ink-quiet);
      }
    `,
  ]

  constructor() {
    super()
    this.audit = null
    this.problem = ''
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('model') && changed.get('model')?.tree !== this.model.tree) void this.#ask()
  }

  override render() {
    return html`<div class="page">
      <h1>${words.title}</h1>
      <p class="quiet">${words.help}</p>
      ${problemLine(this.problem, this.audit === null ? () => this.#askAgain() : null)}
      ${this.model.tree?.isPlanted ? this.#told() : html`<p>${joinWords.devices.unplanted}</p>`}
      <p><a href=${hashOf('/devices', this.hash)}>${words.back}</a></p>
    </div>`
  }

  #told() {
    const { audit, model } = this
    if (audit === null) return this.problem ? nothing : html`<bt-waiting .cause=${words.waiting}></bt-waiting>`
    const owner = model.tree?.ownerName ?? ''
    return html`<section aria-labelledby="now">
        <h2 id="now">${words.now}</h2>
        <ul role="list">
          ${audit.grants.map((grant) => grantLine(grant, owner, Date.now()))}
        </ul>
        <p class="quiet small">${words.nowHelp}</p>
      </section>
      <section aria-labelledby="past">
        <h2 id="past">${words.past}</h2>
        <ol role="list">
          ${audit.events.map(eventLine)}
        </ol>
      </section>`
  }

  #askAgain(): void {
    this.problem = ''
    void this.#ask()
  }
  async #ask(): Promise<void> {
    try {
      this.audit = await this.actions.api.audit()
      this.problem = ''
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
}
customElements.define('bt-audit-page', BtAuditPage)

function grantLine(
  { device, folderName, mayWrite, sinceMs, untilMs, isRemoved }: GrantLine,
  owner: string,
  nowMs: number,
) {
  const term = untilMs === null ? [] : [untilMs > nowMs ? words.until(untilMs) : words.over(untilMs)]
  return html`<li class=${isRemoved ? 'taken' : ''}>
    ${icon(device === null ? 'key' : 'devices')}
    <div>
      <h3><bdi>${device === null ? words.owner(owner) : nameOf(device)}</bdi></h3>
      <p><bdi>${device === null ? words.ownerHelp : words.may(mayWrite, words.place(folderName))}</bdi></p>
      ${isRemoved ? html`<p>${words.removedStill}</p>` : nothing}
      <p class="quiet small number">${[words.since(sinceMs), ...term].join(', ')}</p>
      ${device === null ? nothing : fingerprint(device)}
    </div>
  </li>`
}

const fingerprint = ({ principal }: NamedDevice) =>
  html`<details>
    <summary class="quiet small">${joinWords.devices.fingerprint}</summary>
    <p class="mono">${formatFingerprint(principal)}</p>
  </details>`

function eventLine(event: AuditEvent) {
  const [name, title, ...details] = toldOf(event)
  return html`<li class=${event.kind === 'removed' ? 'taken' : ''}>
    ${icon(name)}
    <div>
      <h3><bdi>${title}</bdi></h3>
      ${details.map((text) => html`<p class="small"><bdi>${text}</bdi></p>`)}
      <p class="quiet small number">
        ${event.kind === 'extended' ? words.longerHelp : html`<time>${formatMoment(event.atMs)}</time>`}
      </p>
    </div>
  </li>`
}

/** What is drawn beside it, what happened, and what there is to say about that. */
function toldOf(event: AuditEvent): readonly [IconName, string, ...string[]] {
  if (event.kind === 'signersChanged')
    return [
      'key',
      words.event.signersChanged,
      words.signers(event.addedCount, event.removedCount, event.isCardReplaced),
      words.signedBy[event.by],
    ]
  const name = nameOf(event.device)
  switch (event.kind) {
    case 'planted':
      return ['sprout', words.event.planted(name)]
    case 'admitted': {
      const { by, folderName, mayWrite, untilMs } = event
      const approved = by === null ? words.byCard : words.approved(nameOf(by))
      return ['add', words.event.admitted(name), words.granted(mayWrite, words.place(folderName), untilMs), approved]
    }
    case 'extended':
      return ['restore', words.event.extended(name), words.longer(event.untilMs, event.beforeMs)]
    case 'removed': {
      const { by, device } = event
      if (by?.principal === device.principal) return ['close', words.event.left(name), words.kept]
      return ['close', words.event.removed(name), by === null ? words.byCard : words.byDevice(nameOf(by)), words.kept]
    }
    case 'appointed': {
      const { deciders, endedAtMs } = event
      const ended = endedAtMs === null || deciders.length === 0 ? [] : [words.appointmentEnded(endedAtMs)]
      return ['devices', words.event.appointed(name), words.deciders(deciders.map(nameOf)), ...ended]
    }
    case 'tookOver':
      return ['key', words.event.tookOver(name), words.tookOverHelp]
  }
}
