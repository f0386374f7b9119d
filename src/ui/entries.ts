/**
 * Files and folders as they come from a drop, a picker or the clipboard, in one form.
 * @module
 */
import { words } from './words.ts'

/** A file on its way in, or an empty folder where `open` is null. */
export interface Entry {
  /** Names of the folders around it, outermost first, below the folder it is added to. */
  readonly folders: readonly string[]
  readonly name: string
  readonly open: (() => Promise<File>) | null
}

const fileEntry = (folders: readonly string[], file: File): Entry => ({
  folders,
  name: file.name,
  open: async () => file,
})

/** Of `<input type="file">`, with or without `webkitdirectory`. */
export const entriesOfFiles = (files: Iterable<File>): readonly Entry[] =>
  [...files].map((file) => fileEntry(file.webkitRelativePath.split('/').slice(0, -1), file))

/**
 * Of a drop. What was dropped must be asked for before the event ends, so nothing is awaited until all of it is;
 * folders are walked afterwards.
 */
export async function entriesOfDrop(transfer: DataTransfer): Promise<readonly Entry[]> {
  const items = [...transfer.items].filter((item) => item.kind === 'file')
  const found = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
  const lists: (readonly Entry[])[] = []
  for (const one of found) {
    if (one instanceof File) lists.push([fileEntry([], one)])
    else if (one) lists.push(await walk(one, []))
  }
  return lists.flat()
}

async function walk(entry: FileSystemEntry, folders: readonly string[]): Promise<readonly Entry[]> {
  if (isFile(entry))
    return [{ folders, name: entry.name, open: () => new Promise((resolve, reject) => entry.file(resolve, reject)) }]
  if (!isDirectory(entry)) return []
  const inside = [...folders, entry.name]
  const reader = entry.createReader()
  const children: FileSystemEntry[] = []
  for (;;) {
    // A reader gives at most a hundred at a time; an empty answer is the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) break
    children.push(...some)
  }
  if (children.length === 0) return [{ folders, name: entry.name, open: null }]
  const lists: (readonly Entry[])[] = []
  // One folder after the other: a hundred thousand open readers would exhaust the browser.
  for (const child of children) lists.push(await walk(child, inside))
  return lists.flat()
}
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

/** Of a paste: files, or else the text as a note. */
export function entriesOfPaste(transfer: DataTransfer, nowMs: number): readonly Entry[] {
  const files = [...transfer.files]
  if (files.length > 0)
    // Browsers call every pasted picture `image.png`.
    return files.map((file) => {
      const ending = /\.\w+$/.exec(file.name)?.[0] ?? ''
      const name = /^image\.\w+$/.test(file.name) ? words.add.pastedFile(nowMs, ending) : file.name
      return { folders: [], name, open: async () => file }
    })
  const text = transfer.getData('text/plain')
  if (text.trim() === '') return []
  return [fileEntry([], new File([text], words.add.pastedText(nowMs), { type: 'text/plain' }))]
}
