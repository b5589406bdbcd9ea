import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '../..');

/** An application as the Nest starter of that major version lays it out. */
export interface AppKind {
  readonly name: string;
  readonly type: 'module' | 'commonjs';
  readonly nest: string;
  readonly typescript: string;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

/** Builds and packs the package. @returns the path of the tarball */
export async function packInto(folder: string): Promise<string> {
  await command('npm', ['pack', '--silent', '--pack-destination', folder], REPOSITORY);
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  if (!tarball) throw new Error(`npm pack left no tarball in ${folder}`);
  return join(folder, tarball);
}

/** Paths in a tarball, without the leading `package/`. */
export async function listTarball(tarball: string): Promise<string[]> {
  const listing = await command('tar', ['-tzf', tarball], REPOSITORY);
  return listing
    .trim()
    .split('\n')
    .map((path) => path.replace('package/', ''));
}

/** A fresh application that has the tarball installed, from the registry like any user. */
export class TemporaryApp {
  private constructor(private readonly folder: string) {}

  static async create(parent: string, kind: AppKind, tarball: string): Promise<TemporaryApp> {
    const folder = join(parent, kind.name);
    await mkdir(folder);
    await cp(join(import.meta.dirname, 'app'), join(folder, 'src'), { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest(kind, tarball)));
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig(kind)));
    await command('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'], folder);
    return new TemporaryApp(folder);
  }

  async compile(): Promise<void> {
    await command('node', ['node_modules/typescript/bin/tsc'], this.folder);
  }

  /** Runs the compiled application to its end. @returns what it reported on its last line */
  async start(environment: Readonly<Record<string, string>>): Promise<unknown> {
    const output = await command('node', ['dist/main.js'], this.folder, environment);
    return JSON.parse(output.trim().split('\n').at(-1) ?? '');
  }

  /** Runs the command that the package brings. @returns what it printed */
  async redflow(...args: string[]): Promise<string> {
    return command(join(this.folder, 'node_modules/.bin/redflow'), args, this.folder);
  }
}

function manifest(kind: AppKind, tarball: string): object {
  return {
    name: kind.name,
    private: true,
    type: kind.type,
    dependencies: {
      '@nestjs/common': kind.nest,
      '@nestjs/core': kind.nest,
      '@redflow/nestjs': `file:${tarball}`,
      'reflect-metadata': '^0.2.2',
      rxjs: '^7.8.1',
      zod: '^4.0.0',
    },
    devDependencies: { '@nestjs/testing': kind.nest, '@types/node': '^20.0.0', typescript: kind.typescript },
  };
}

function tsconfig(kind: AppKind): object {
  const compilerOptions = {
    target: 'ES2023',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    esModuleInterop: true,
    skipLibCheck: true,
    types: ['node'],
    rootDir: 'src',
    outDir: 'dist',
    ...kind.compilerOptions,
  };
  return { compilerOptions, include: ['src'] };
}

async function command(
  file: string,
  args: string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await run(file, args, { cwd, env: { ...process.env, ...environment }, timeout: 240_000 });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(' ')} failed in ${cwd}\n${stdout}\n${stderr}`, { cause: error });
  }
}
