//! Programs that run while a test looks at them.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// A program that is stopped when the test ends.
pub struct Started {
    program: Child,
    lines: Receiver<String>,
}

/// Longer than any machine takes for what a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(120);

impl Started {
    /// Starts it.
    pub fn new(command: &mut Command) -> Started {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(program.stdout.take().unwrap()),
            Box::new(program.stderr.take().unwrap()),
        ];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(output).lines().map_while(Result::ok);
                // Who does not listen any more has seen enough.
                lines.for_each(|line| drop(sender.send(line)));
            });
        }
        Started { program, lines }
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// Returns the text up to a line that contains a word, or to its end.
    pub fn said_until(&self, word: &str) -> String {
        let mut said = String::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            said = said + &line + "\n";
            if line.contains(word) {
                break;
            }
        }
        said
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
