/**
 * The file that a new tree begins with: it says what the tree is and who can read it, and is a file like any other.
 * @module
 */
import { utf8 } from '../core/bytes/bytes.ts'
import { contentOfBytes } from './bodies.ts'

export const welcomeName = 'Welcome.txt'

/** The request that makes it, so that it can be told from what the person brought. */
export const welcomeRequest = 'welcome'

const text = `Welcome to your tree.

Everything that you put here is encrypted on this device before it is stored. At this moment it can be read
in this browser only: nobody else has a key, not even the place that this page came from.

  * Drop files anywhere on the page, or use "Add".
  * It works with no network. Install it from your browser's menu to keep it at hand.
  * For now there is one copy, on this device. If the browser's data is deleted, it is gone.
  * "Plant" makes the tree yours for good: with a passkey, and a card that brings everything back.

You can delete this file.
`

/** Small, so it is handed over whole. */
export const welcomeContent = contentOfBytes(utf8(text))
