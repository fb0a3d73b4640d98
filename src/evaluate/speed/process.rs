//! The asking side: a process that has one model in memory.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::child::{RESIDENT_COMMAND, Reply, Request};
use crate::{
    error::{IoAction, IoContext as _},
    evaluate::{Continuation, EvalError, ModelSource},
    job::JobContext,
};

/// How often a wait looks whether it should stop.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Ended when it is dropped.
pub(super) struct ResidentProcess {
    child: Child,
    requests: ChildStdin,
    lines: Receiver<String>,
    program: PathBuf,
    name: String,
}

impl ResidentProcess {
    /// Starts `program`, which begins to load `source`.
    pub fn start(program: &Path, source: &ModelSource) -> Result<Self, EvalError> {
        let mut command = Command::new(program);
        command.arg(RESIDENT_COMMAND).arg(source.path());
        match source {
            ModelSource::Stored(_) => {}
            ModelSource::InMemory(_) => unreachable!("a merge in memory is not timed"),
            ModelSource::WithAdapters { adapters, trained_quantization, .. } => {
                if let Some(quantization) = trained_quantization {
                    command.arg("--as-trained").arg(quantization.to_string());
                }
                for adapter in adapters {
                    command.arg("--adapter").arg(&adapter.path).arg(format!("--strength={}", adapter.strength));
                }
            }
            ModelSource::Cast { dtype, .. } => {
                command.args(["--cast", dtype.config_name()]);
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().at(IoAction::StartProcess, program)?;
        let (Some(requests), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are pipes");
        };
        // A thread of its own, so that a wait can end when the user cancels.
        let (sender, lines) = crossbeam_channel::bounded(1);
        thread::Builder::new()
            .name("resident".to_owned())
            .spawn(move || BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)))
            .at(IoAction::StartThread, program)?;
        Ok(Self { child, requests, lines, program: program.to_owned(), name: String::new() })
    }

    /// The model's name, once it is loaded.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits until the model is loaded; seconds that this took.
    pub fn load(&mut self, job: &JobContext) -> Result<f64, EvalError> {
        match self.reply(job)? {
            Reply::Loaded { name, load_secs } => {
                self.name = name;
                Ok(load_secs)
            }
            reply => Err(self.misunderstood(&reply)),
        }
    }

    /// Seconds of one forward pass.
    pub fn forward_secs(&mut self, ids: &[u32], job: &JobContext) -> Result<f64, EvalError> {
        match self.ask(&Request::Forward { ids: ids.to_vec() }, job)? {
            Reply::Forward { forward_secs } => Ok(forward_secs),
            reply => Err(self.misunderstood(&reply)),
        }
    }

    /// What the model continues `ids` with.
    pub fn continuation(
        &mut self,
        ids: &[u32],
        max_tokens: usize,
        job: &JobContext,
    ) -> Result<Continuation, EvalError> {
        match self.ask(&Request::Continue { ids: ids.to_vec(), max_tokens }, job)? {
            Reply::Continued(continuation) => Ok(continuation),
            reply => Err(self.misunderstood(&reply)),
        }
    }

    /// Ends the process; the most memory that it held, where the system tells.
    pub fn finish(mut self, job: &JobContext) -> Result<Option<u64>, EvalError> {
        match self.ask(&Request::Finish, job)? {
            Reply::Finished { peak_memory_bytes } => Ok(peak_memory_bytes),
            reply => Err(self.misunderstood(&reply)),
        }
    }

    fn ask(&mut self, request: &Request, job: &JobContext) -> Result<Reply, EvalError> {
        let line = serde_json::to_string(request).map_err(|error| self.failed(error.to_string()))?;
        // A process that is gone has said why, or its silence is noticed by the wait.
        writeln!(self.requests, "{line}").and_then(|()| self.requests.flush()).ok();
        self.reply(job)
    }

    fn reply(&mut self, job: &JobContext) -> Result<Reply, EvalError> {
        loop {
            job.check_cancelled()?;
            match self.lines.recv_timeout(POLL_INTERVAL) {
                Ok(line) => {
                    return match serde_json::from_str(&line) {
                        Ok(Reply::Failed { problem }) => Err(self.failed(problem)),
                        Ok(reply) => Ok(reply),
                        Err(_) => Err(self.failed(line)),
                    };
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().at(IoAction::WaitForProcess, &self.program)?;
                    return Err(self.failed(format!("it ended ({status})")));
                }
            }
        }
    }

    fn misunderstood(&self, reply: &Reply) -> EvalError {
        self.failed(format!("it said {reply:?}"))
    }

    fn failed(&self, said: String) -> EvalError {
        EvalError::MeasuringFailed { said, path: self.program.clone() }
    }
}

impl Drop for ResidentProcess {
    fn drop(&mut self) {
        // One that has ended by itself is no error.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
