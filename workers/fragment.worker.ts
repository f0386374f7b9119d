/**
 * The fragments' thread: pure compute, as many of them as there are cores to spare.
 * @module
 */
import { serveFragments } from '../src/edge/wasm/worker.ts'

serveFragments()
