//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, CommandFactory as _, Parser, Subcommand, ValueEnum};
use lorafuse::{
    gguf::FileType,
    merge::{IoMode, device::DeviceChoice},
    numeric::{FloatDtype, codec::Nf4Format},
    plan::{AdapterRequest, DtypePolicy, MergeRequest, Rounding},
};

/// Fuses a LoRA adapter into its base model, shows what changes, and proves the result.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Folders to open in the window.
    #[command(flatten)]
    pub window: WindowArgs,
}

/// Without a subcommand the window opens, folders loaded where given.
#[derive(Debug, ClapArgs)]
pub struct WindowArgs {
    /// The base model's folder
    pub base: Option<PathBuf>,
    /// The adapter's folder
    pub adapter: Option<PathBuf>,
    /// The merged model's folder
    pub merged: Option<PathBuf>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show a model, or what an adapter would change in it
    Inspect(InspectArgs),
    /// Fuse adapters into a base and write a model that stands alone
    Merge(MergeArgs),
    /// Check that a merged folder is complete, independent and exactly what base and adapter give
    Verify(VerifyArgs),
    /// Compare how models predict texts: perplexity, with the paired difference and its interval
    Compare(CompareArgs),
    /// Write a finished model as one GGUF file, for llama.cpp, Ollama and LM Studio
    Gguf(GgufArgs),
    /// Run the whole pipeline on the built-in sample, to bf16
    Demo(DemoArgs),
    /// Show what this machine offers, and what is degraded for lack of it
    Doctor(DoctorArgs),
    /// Print the completions of a shell
    #[command(hide = true)]
    Completions(CompletionsArgs),
    /// Tell what would draw the window, for `doctor`
    #[command(hide = true)]
    Probe(ProbeArgs),
    /// Show where the log of a fault lies, for a window that it ended
    #[command(hide = true)]
    Fault(FaultArgs),
    /// Hold one model in memory and time it, for `compare`
    #[command(hide = true, name = lorafuse::evaluate::RESIDENT_COMMAND)]
    Resident(ResidentArgs),
    /// Load a folder with nothing else at hand, for `verify`
    #[command(hide = true, name = lorafuse::verify::ALONE_COMMAND)]
    Alone(AloneArgs),
}

/// `inspect`.
#[derive(Debug, ClapArgs)]
pub struct InspectArgs {
    /// The base model: its folder, a weight file of it, or its entry in the Hugging Face cache; or an adapter alone
    pub base: PathBuf,
    /// Adapter folders
    pub adapters: Vec<PathBuf>,
    /// Say how much of the adapters a merge to this dtype would keep: keep, f32, f16 or bf16
    #[arg(long, requires = "adapters")]
    pub dtype: Option<DtypePolicy>,
    /// Print the module tree as PyTorch (and PEFT) would
    #[arg(long)]
    pub print_model: bool,
    /// Print one JSON document
    #[arg(long, conflicts_with = "print_model")]
    pub json: bool,
}

/// `merge`.
#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct MergeArgs {
    /// The base model's folder
    pub base: PathBuf,
    /// Adapter folders, added in this order
    #[arg(required = true)]
    pub adapters: Vec<PathBuf>,
    /// The merged model's folder, new or empty
    #[arg(short, long)]
    pub output: PathBuf,
    /// Factor on an adapter's change, by order [default: 1 each]
    #[arg(long, allow_negative_numbers = true)]
    pub strength: Vec<f64>,
    /// Dtype of floating tensors: keep, f32, f16 or bf16
    #[arg(long, default_value = "keep")]
    pub dtype: DtypePolicy,
    /// Pack the weights of linear layers again, as bitsandbytes does it to a model that transformers loads in 4 bits: nf4,
    /// with `double` the scales too, with `block N` for N weights a scale (64 unless given)
    #[arg(long, value_name = "nf4[,double][,block=N]", conflicts_with_all = ["seed"])]
    pub requantize: Option<Nf4Format>,
    /// Merge though packing takes more than half of the adapter's change away
    #[arg(long, requires = "requantize")]
    pub accept_loss: bool,
    #[command(flatten)]
    pub rounding: RoundingArgs,
    #[command(flatten)]
    pub trained: TrainedArgs,
    /// Where to compute: auto tries the GPU against the CPU for a moment and takes the faster one; gpu:N is a GPU by its
    /// number (gpu:99 lists them)
    #[arg(long, default_value = "auto", value_name = "auto|cpu|gpu[:N]")]
    pub device: DeviceChoice,
    /// How bytes reach the disk: past the page cache but for small outputs, always through it, or always past it
    #[arg(long, default_value = "auto", value_name = "auto|cached|direct")]
    pub io: IoMode,
    /// Tensor bytes of one file at most, as 5GB or 500MB [default: files as the base has them]
    #[arg(long, value_parser = parse_size)]
    pub max_shard_size: Option<u64>,
    /// Show the plan and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Hash every file afterwards and write SHA256SUMS, which `sha256sum -c` checks
    #[arg(long)]
    pub seal: bool,
    /// Write a model card (README.md) into the folder
    #[arg(long, action = clap::ArgAction::Set, default_value_t = true, value_name = "true|false")]
    pub card: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `verify`.
#[derive(Debug, ClapArgs)]
pub struct VerifyArgs {
    /// The merged folder, whoever made it, or a GGUF file of it
    pub merged: PathBuf,
    /// The base that it was made from
    #[arg(long)]
    pub base: Option<PathBuf>,
    /// An adapter that went into it (repeat for several)
    #[arg(long)]
    pub adapter: Vec<PathBuf>,
    /// Factor that its adapter was merged with, by order [default: 1 each]
    #[arg(long, allow_negative_numbers = true)]
    pub strength: Vec<f64>,
    #[command(flatten)]
    pub rounding: RoundingArgs,
    #[command(flatten)]
    pub trained: TrainedArgs,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// What the adapters were trained on.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct TrainedArgs {
    /// How the trainer packed the 16-bit base while it loaded it (QLoRA), which no file says: nf4, with `double` where the
    /// scales were packed again (`bnb_4bit_use_double_quant`) and `block=N` where a block is not 64. The base is packed and
    /// unpacked in the stream, and the adapter merged into what it was trained on
    #[arg(long, value_name = "nf4[,double][,block=N]")]
    pub as_trained: Option<Nf4Format>,
}

/// How updated tensors are rounded.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub struct RoundingArgs {
    /// How the sums of an update are rounded: each to the nearest value, or by chance to one of its two neighbours, so
    /// that a change below half a unit survives on average
    #[arg(long, value_enum, default_value_t = RoundingKind::Nearest)]
    rounding: RoundingKind,
    /// The seed of stochastic rounding [default: 0]
    #[arg(long)]
    seed: Option<u64>,
}

/// The kinds of rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoundingKind {
    Nearest,
    Stochastic,
}

impl RoundingArgs {
    /// What was asked for.
    pub fn rounding(self) -> Result<Rounding, String> {
        match (self.rounding, self.seed) {
            (RoundingKind::Nearest, None) => Ok(Rounding::Nearest),
            (RoundingKind::Nearest, Some(_)) => Err("--seed belongs to --rounding stochastic".to_owned()),
            (RoundingKind::Stochastic, seed) => Ok(Rounding::Stochastic { seed: seed.unwrap_or(0) }),
        }
    }
}

/// The hidden half of `verify`.
#[derive(Debug, ClapArgs)]
pub struct AloneArgs {
    /// The folder
    pub folder: PathBuf,
}

/// The hidden half of `compare`.
#[derive(Debug, ClapArgs)]
pub struct ResidentArgs {
    /// The model's folder
    pub model: PathBuf,
    /// Adapters beside it
    #[arg(long)]
    pub adapter: Vec<PathBuf>,
    /// A factor for each of them
    #[arg(long)]
    pub strength: Vec<f64>,
    /// What its weights are rounded to
    #[arg(long, value_parser = parse_cast)]
    pub cast: Option<FloatDtype>,
    /// How the trainer packed it
    #[arg(long)]
    pub as_trained: Option<Nf4Format>,
}

/// `compare`.
#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct CompareArgs {
    /// Model folders; the others are compared with the first
    #[arg(required_unless_present = "base")]
    pub models: Vec<PathBuf>,
    /// An adapter: the first model with it at run time is compared too (repeat for several)
    #[arg(long)]
    pub adapter: Vec<PathBuf>,
    /// In place of models, the 16-bit original of a packed base: into which of both does an adapter belong that was
    /// trained on the packed one? Packed base + adapter, the merge into its unpacked weights and the one into the
    /// original are compared; both merges are computed in memory
    #[arg(long, value_name = "ORIGINAL", requires = "adapter", conflicts_with_all = ["models", "cast", "in_memory"])]
    pub base: Option<PathBuf>,
    /// The packed base [default: the one that the adapter names, where this machine has it]
    #[arg(long, value_name = "PACKED", requires = "base")]
    pub packed_base: Option<PathBuf>,
    /// How the trainer packed --base while it loaded it (QLoRA), where no folder holds that: nf4, with `double` where the
    /// scales were packed again and `block=N` where a block is not 64
    #[arg(long, value_name = "nf4[,double][,block=N]", requires = "base", conflicts_with = "packed_base")]
    pub as_trained: Option<Nf4Format>,
    /// Compare the first model with every weight rounded to bf16 or f16 too: what rounding does without an adapter
    #[arg(long, value_name = "bf16|f16", value_parser = parse_cast)]
    pub cast: Option<FloatDtype>,
    /// Compute the merge of --adapter in memory too, in the dtype of the last model: is that folder's file right?
    #[arg(long, requires = "adapter")]
    pub in_memory: bool,
    /// A text to score (repeat for several): UTF-8 or CP949, or a .jsonl file with a document under `text` in each line
    #[arg(long, required_unless_present_any = ["tokens", "builtin_texts"])]
    pub text: Vec<PathBuf>,
    /// Score the texts that come with the program: English fiction and Korean law, both in the public domain
    #[arg(long)]
    pub builtin_texts: bool,
    /// Score each line as a text of its own
    #[arg(long, requires = "text")]
    pub lines: bool,
    /// A JSON list of token ids to score in place of a text
    #[arg(long)]
    pub tokens: Vec<PathBuf>,
    /// Tokens of a window [default: the models' context, at most 2048]
    #[arg(long)]
    pub window: Option<usize>,
    /// Time each model with so many forward passes, in a process of its own; 0 leaves seconds and memory out
    #[arg(long, default_value_t = lorafuse::evaluate::DEFAULT_SPEED_RUNS)]
    pub runs: usize,
    /// Let each model continue this, to read the answers side by side
    #[arg(long, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// Bytes that hidden states may take (as 256MB); with fewer, weights are read more often
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory_budget: Option<u64>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
    /// Write the JSON document to a new file too
    #[arg(short, long)]
    pub output: Option<PathBuf>,
}

/// `gguf`.
#[derive(Debug, ClapArgs)]
pub struct GgufArgs {
    /// The model's folder: a merged one, any other that stands alone, or the base of `--adapter`; with `--base` a LoRA
    /// adapter
    pub model: PathBuf,
    /// Write no model but llama.cpp's LoRA file of the adapter, for this base: `llama-cli -m BASE.gguf --lora FILE.gguf`
    #[arg(long, conflicts_with_all = ["adapter", "seal", "as_trained"])]
    pub base: Option<PathBuf>,
    /// An adapter to merge into it on the way, without a folder in between (repeat for several)
    #[arg(long)]
    pub adapter: Vec<PathBuf>,
    /// Factor on an adapter's change, by order [default: 1 each]
    #[arg(long, allow_negative_numbers = true, requires = "adapter")]
    pub strength: Vec<f64>,
    #[command(flatten)]
    pub trained: TrainedArgs,
    /// A file (NAME.gguf) that must not be there, or a folder, new or empty, which also tells how to run what is in it
    /// [default: NAME-TYPE.gguf here, or the folder NAME-GGUF for several types]
    #[arg(short, long)]
    pub output: Option<PathBuf>,
    /// Type of most weights [default: `q8_0`, `f32` with `--base`]: `q8_0` (as good as lossless), `q4_k_m` (what most people take), `q5_k_m`, `q6_k`, `f16`, `bf16`,
    /// `f32`, `q4_k_s`, `q5_k_s` or `q4_0`; several are written in one pass
    #[arg(long = "type", value_name = "TYPE[,TYPE…]", value_delimiter = ',')]
    pub file_types: Vec<FileType>,
    /// Show what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Hash every file afterwards and write SHA256SUMS, which `sha256sum -c` checks; of a folder
    #[arg(long)]
    pub seal: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `demo`.
#[derive(Debug, ClapArgs)]
pub struct DemoArgs {
    /// Where to put the merged sample and its report [default: a fresh folder lorafuse-demo-N here]
    #[arg(short, long)]
    pub output: Option<PathBuf>,
}

/// `doctor`.
#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `completions`.
#[derive(Debug, ClapArgs)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `probe`.
#[derive(Debug, ClapArgs)]
pub struct ProbeArgs {
    /// Draw one frame and tell how long that took
    #[arg(long)]
    pub paint: bool,
}

/// `fault`.
#[derive(Debug, ClapArgs)]
pub struct FaultArgs {
    /// The log
    pub log: PathBuf,
}

impl MergeArgs {
    /// The merge that was asked for.
    pub fn request(&self) -> Result<MergeRequest, String> {
        Ok(MergeRequest {
            base: self.base.clone(),
            adapters: with_strengths(&self.adapters, &self.strength)?,
            output: self.output.clone(),
            dtype: self.dtype,
            requantize: self.requantize,
            accepts_loss: self.accept_loss,
            rounding: self.rounding.rounding()?,
            trained_quantization: self.trained.as_trained,
            max_shard_bytes: self.max_shard_size,
        })
    }
}

/// Pairs adapters with strengths by order; missing ones are 1.
pub fn with_strengths(adapters: &[PathBuf], strengths: &[f64]) -> Result<Vec<AdapterRequest>, String> {
    if strengths.len() > adapters.len() {
        return Err(format!("{} strengths were given for {} adapters", strengths.len(), adapters.len()));
    }
    let strengths = strengths.iter().copied().chain(std::iter::repeat(1.0));
    Ok(adapters.iter().zip(strengths).map(|(path, strength)| AdapterRequest { path: path.clone(), strength }).collect())
}

/// Ends the program as clap ends it on a usage error: exit code 2.
pub fn usage_error(message: &str) -> ! {
    Args::command().error(clap::error::ErrorKind::ValueValidation, message).exit()
}

/// A dtype of 16 bits.
fn parse_cast(text: &str) -> Result<FloatDtype, String> {
    match text.parse() {
        Ok(DtypePolicy::Convert(dtype @ (FloatDtype::BF16 | FloatDtype::F16))) => Ok(dtype),
        _ => Err(format!("`{text}` is none of bf16, f16")),
    }
}

/// `5GB`, `500 MB`, `2GiB`, or plain bytes.
fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: f64 = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KIB" => 1024.0,
        "MIB" => 1024.0 * 1024.0,
        "GIB" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(format!("`{unit}` is none of B, kB, MB, GB, TB, KiB, MiB, GiB")),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{text}` is no size; write 5GB or 500MB"))?;
    let byte_count = number * factor;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a positive size")]
    if (1.0..1e18).contains(&byte_count) {
        Ok(byte_count as u64)
    } else {
        Err(format!("`{text}` is no size; write 5GB or 500MB"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn sizes_are_read_in_powers_of_ten_and_two() {
        assert_eq!(parse_size("5GB"), Ok(5_000_000_000));
        assert_eq!(parse_size("1.5 MiB"), Ok(1_572_864));
        assert_eq!(parse_size("42"), Ok(42));
        for text in ["", "GB", "5 parsecs", "-1", "0"] {
            parse_size(text).unwrap_err();
        }
    }

    #[test]
    fn a_cast_is_to_16_bits() {
        assert_eq!(parse_cast("bf16"), Ok(FloatDtype::BF16));
        assert_eq!(parse_cast("float16"), Ok(FloatDtype::F16));
        for text in ["f32", "keep", "int8"] {
            parse_cast(text).unwrap_err();
        }
    }

    #[test]
    fn strengths_pair_by_order() {
        let adapters = [PathBuf::from("a"), PathBuf::from("b")];
        let paired = with_strengths(&adapters, &[0.5]).unwrap();
        assert_eq!(paired.iter().map(|adapter| adapter.strength).collect::<Vec<_>>(), [0.5, 1.0]);
        with_strengths(&adapters, &[1.0, 1.0, 1.0]).unwrap_err();
    }
}
