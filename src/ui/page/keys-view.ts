/**
 * Whose tree this is, and the fingerprints by which devices compare.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { StorageReport, TreeStatus } from '../../node/api.ts'
import { formatFingerprint } from '../format.ts'
import { problemLine } from '../part/problem.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { words } from '../words.ts'

export class BtKeysView extends LitElement {
  static override properties = { tree: { attribute: false }, stateRoot: {}, attested: { attribute: false } }
  declare tree: TreeStatus
  /** Hexadecimal; empty until it is known. */
  declare stateRoot: string
  declare attested: StorageReport['attested']

  static override styles = [shared, sectionStyle]

  override render() {
    const { isPlanted, ownerName, deviceName, principal, treeId } = this.tree
    return html`<section>
      <h2>${words.storage.keysTitle}</h2>
      ${isPlanted ? nothing : html`<p class="quiet">${words.storage.unplanted}</p>`}
      <dl>
        ${line(words.storage.owner, ownerName)} ${line(words.storage.device, deviceName)}
        ${fingerprint(words.storage.principal, principal)} ${fingerprint(words.storage.treeId, treeId)}
        ${fingerprint(words.storage.stateRoot, this.stateRoot)}
      </dl>
      <p class="quiet small">${words.storage.stateRootHelp}</p>
      ${this.#attested()}
    </section>`
  }

  #attested() {
    if (this.attested === null) return nothing
    const { agrees, deviceCount, atMs } = this.attested
    return agrees
      ? html`<p class="quiet small number">${words.storage.attested(deviceCount, atMs)}</p>`
      : problemLine(words.storage.contradicted)
  }
}
customElements.define('bt-keys-view', BtKeysView)

const line = (term: string, text: string, kind = '') =>
  text === ''
    ? nothing
    : html`<div>
        <dt>${term}</dt>
        <dd class=${kind}><bdi>${text}</bdi></dd>
      </div>`
const fingerprint = (term: string, text: string) => line(term, formatFingerprint(text), 'mono')
