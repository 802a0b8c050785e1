// What tests load into other Node processes.

export { openFile } from '../../src/storage/file.js';
