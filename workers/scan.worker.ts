/**
 * The scanner's thread: finds QR codes in pictures, so that no frame of the camera holds the page up.
 * @module
 */
import { serveScans } from '../src/edge/qr/worker.ts'

serveScans()
