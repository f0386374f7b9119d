/**
 * The window's half of the store: removes what a profile of this browser has stored.
 * @module
 */
export { removeDatabase as removeStore } from './database.ts'
