/**
 * Random tests beside mutants: always the same ones, so that a mutant is killed each time or never; and what fails first is enough,
 * since nobody reads what it could be shrunk to.
 */
import fc from 'fast-check'

fc.configureGlobal({ seed: 1, endOnFailure: true })
