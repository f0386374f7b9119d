/**
 * What to tell a person about a failure.
 * @module
 */
import { words } from './words.ts'

/** The code by which a program tells failures apart; empty where something unforeseen was thrown. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}

/** Errors of the node carry a sentence; anything else is named as unforeseen. */
export function sentenceOf(error: unknown): string {
  if (codeOf(error) !== '') return (error as Error).message
  return words.unexpected(error instanceof Error ? error.message || error.name : String(error))
}
