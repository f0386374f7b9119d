/**
 * What a page notes of its profile beside the node's database, in a store of the browser of its own.
 * @module
 */

/** A note on the tree that a profile showed last, in a store of the browser that is not the node's database. It names nothing. */
export function seenTreeOf(profile: string) {
  const name = seenNote(profile)
  return {
    recall(): { readonly treeId: string; readonly isPlanted: boolean } | null {
      const [, kind, treeId] = /^(planted|local) ([0-9a-f]{64})$/.exec(readNote(name)) ?? []
      return treeId === undefined ? null : { treeId, isPlanted: kind === 'planted' }
    },
    keep({ treeId, isPlanted }: { readonly treeId: string; readonly isPlanted: boolean }): void {
      const note = `${isPlanted ? 'planted' : 'local'} ${treeId}`
      if (readNote(name) !== note) writeNote(name, note)
    },
    /** Calls back when another page has kept one. @returns ends it */
    watch(onKept: () => void): () => void {
      const heard = ({ key }: StorageEvent): void => {
        if (key === name) onKept()
      }
      window.addEventListener('storage', heard)
      return () => window.removeEventListener('storage', heard)
    },
  }
}

/** Until when a profile's page has told of devices that were added, milliseconds since 1970; 0 at first. */
export function toldOf(profile: string) {
  const name = toldNote(profile)
  return {
    recall(): number {
      const atMs = Number(readNote(name))
      return Number.isSafeInteger(atMs) ? atMs : 0
    },
    keep: (atMs: number): void => writeNote(name, String(atMs)),
  }
}

/** All that is noted of a profile. */
export function forgetNotes(profile: string): void {
  for (const name of [seenNote(profile), toldNote(profile)]) writeNote(name, null)
}

const seenNote = (profile: string): string => `blocktree-${profile}-seen`
const toldNote = (profile: string): string => `blocktree-${profile}-told`

// A browser that blocks the site's data throws at the very word; then nothing is remembered, as nothing is kept.
function readNote(name: string): string {
  try {
    return localStorage.getItem(name) ?? ''
  } catch {
    return ''
  }
}
function writeNote(name: string, note: string | null): void {
  try {
    if (note === null) localStorage.removeItem(name)
    else localStorage.setItem(name, note)
  } catch {
    // As above; or there is no room, which the node tells of.
  }
}
