import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

const TS_OPTIONS = { compilerOptions: { target: 'ES2023', experimentalDecorators: true, verbatimModuleSyntax: true } };

/** Sources import `./x.js` where `./x.ts` lies. */
export async function resolve(specifier, context, next) {
  if (/^\.{1,2}\/.*\.js$/.test(specifier)) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, format: 'module', shortCircuit: true };
  }
  if (specifier.endsWith('.ts')) return { ...(await next(specifier, context)), format: 'module' };
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const path = fileURLToPath(url);
  const { code } = await transform(await readFile(path, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    sourcefile: path,
    sourcemap: 'inline',
    tsconfigRaw: TS_OPTIONS,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
