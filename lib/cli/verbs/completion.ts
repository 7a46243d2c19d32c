/** Completion for shells: a script with every verb and option of this version, made from the parser itself. */
import type { Command } from 'commander';
import { type Context, verbOf } from '../session/context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export const completion = (program: () => Command) =>
  verbOf({
    name: 'completion',
    does: 'prints what a shell needs to complete the words of this command',
    operands: [{ form: '<shell>', says: 'which one', choices: SHELLS }],
    options: {},
    examples: [
      ['bash > ~/.local/share/bash-completion/completions/compute-exchange', 'for bash, from the next shell on'],
      ['fish > ~/.config/fish/completions/compute-exchange.fish', 'for fish'],
      ['zsh > ~/.compute-exchange.zsh', 'for zsh, which reads it by a line in ~/.zshrc: source ~/.compute-exchange.zsh'],
    ],
    run({ out }: Context, _, [shell]) {
      out.raw(SCRIPTS[shell as Shell](program()));
    },
  });

interface Place {
  /** The verbs before the word that is completed. */
  readonly path: readonly string[];
  readonly words: readonly { readonly word: string; readonly says: string }[];
}

/** Every place of the tree, from the program down. */
function placesOf(command: Command, path: readonly string[] = []): Place[] {
  const verbs = command.commands.map((each) => ({ word: each.name(), says: each.summary() }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices.map((word) => ({ word, says: '' })));
  const options = command.options.map(({ long, description }) => ({ word: long!, says: description }));
  const help = { word: '--help', says: 'this text' };
  const below = command.commands.flatMap((each) => placesOf(each, [...path, each.name()]));
  return [{ path, words: [...verbs, ...choices, ...options, help] }, ...below];
}

function bash(program: Command): string {
  const places = placesOf(program);
  const verbs = places.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')));
  const words = places.map(
    (place) => `    ${quoted(place.path.join(' '))}) words='${place.words.map(({ word }) => word).join(' ')}' ;;`,
  );
  return `# Completion of ${program.name()} for bash.
_compute_exchange() {
  local current=\${COMP_WORDS[COMP_CWORD]} path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${verbs.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _compute_exchange ${program.name()}
`;
}

/** Zsh reads bash's. */
const zsh = (program: Command): string => `autoload -U +X bashcompinit && bashcompinit\n${bash(program)}`;

function fish(program: Command): string {
  const lines = placesOf(program).flatMap(({ path, words }) => {
    const here = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const below = path.length === 0 ? ['__fish_use_subcommand'] : here;
    return words.map(({ word, says }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c ${program.name()} -n ${quoted(below.join('; and '))} ${what} -d ${quoted(says)}`;
    });
  });
  return `# Completion of ${program.name()} for fish.\n${lines.join('\n')}\n`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const SCRIPTS: Readonly<Record<Shell, (program: Command) => string>> = { bash, zsh, fish };
