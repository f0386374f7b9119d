/**
 * The ways to add to a folder: files, a whole folder, a new folder.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { Actions } from '../actions.ts'
import { entriesOfFiles } from '../entries.ts'
import { type NamedEvent, SheetClosedEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { icon } from '../part/icon.ts'
import { menuStyle } from '../part/menu.css.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import '../part/audience.ts'
import '../part/name-form.ts'
import '../part/sheet.ts'

export class BtAddSheet extends LitElement {
  static override properties = {
    actions: { attribute: false },
    folderId: {},
    naming: { state: true },
    busy: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  /** Where to; the sheet is closed while this is empty. */
  declare folderId: string
  declare naming: boolean
  declare busy: boolean
  declare problem: string

  static override styles = [shared, menuStyle]

  constructor() {
    super()
    this.folderId = ''
    this.naming = false
    this.busy = false
    this.problem = ''
  }

  override render() {
    const isOpen = this.folderId !== ''
    const title = this.naming ? words.add.newFolder : isOpen ? words.add.title(this.actions.nameOf(this.folderId)) : ''
    return html`<bt-sheet .open=${isOpen} .label=${title} @bt-sheet-closed=${this.#closed}>
        ${isOpen ? (this.naming ? this.#form() : this.#menu()) : nothing}
      </bt-sheet>
      <input hidden id="files" type="file" multiple @change=${this.#picked} />
      <input hidden id="folder" type="file" webkitdirectory @change=${this.#picked} />`
  }

  #menu() {
    return html`<ul class="menu" role="list">
        <li><button class="plain" @click=${() => this.#pick('files')}>${icon('files')}${words.add.files}</button></li>
        <li>
          <button class="plain" @click=${() => this.#pick('folder')}>${icon('folder')}${words.add.folder}</button>
        </li>
        <li>
          <button class="plain" @click=${() => (this.naming = true)}>${icon('add')}${words.add.newFolder}</button>
        </li>
      </ul>
      <bt-audience .actions=${this.actions} .folderId=${this.folderId}></bt-audience>
      <p class="quiet small help">${words.add.help}</p>`
  }

  #form() {
    return html`<bt-name-form
      .label=${words.add.folderName}
      .value=${words.add.folderDefault}
      .button=${words.add.create}
      .busy=${this.busy}
      .problem=${this.problem}
      @bt-named=${this.#named}
    ></bt-name-form>`
  }

  /** Opens the browser's picker at once, without the sheet. */
  pickFiles(folderId: string): void {
    this.#target = folderId
    this.#input('files').click()
  }
  /** Opens the form for a new folder at once. */
  nameFolder(folderId: string): void {
    this.naming = true
    this.folderId = folderId
  }

  #target = ''
  #pick(kind: 'files' | 'folder'): void {
    this.#target = this.folderId
    this.#input(kind).click()
    this.#close()
  }
  #picked(event: Event): void {
    const input = event.target as HTMLInputElement
    const entries = entriesOfFiles(input.files ?? [])
    input.value = ''
    void this.actions.add(this.#target, entries)
  }
  async #named(event: NamedEvent): Promise<void> {
    this.busy = true
    this.problem = ''
    try {
      await this.actions.createFolder(this.folderId, event.name)
      this.#close()
    } catch (error) {
      this.problem = sentenceOf(error)
    }
    this.busy = false
  }

  #input = (id: string): HTMLInputElement => this.renderRoot.querySelector(`#${id}`)!
  #close(): void {
    this.renderRoot.querySelector('bt-sheet')!.close()
  }
  #closed(event: Event): void {
    event.stopPropagation()
    this.naming = false
    this.problem = ''
    this.dispatchEvent(new SheetClosedEvent())
  }
}
customElements.define('bt-add-sheet', BtAddSheet)

declare global {
  interface HTMLElementTagNameMap {
    'bt-add-sheet': BtAddSheet
  }
}
