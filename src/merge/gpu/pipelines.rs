//! The shader, made into pipelines for the dtypes as they come up.

use std::collections::HashMap;

use crate::numeric::FloatDtype;

/// What a pipeline computes: input dtype, output dtype, and whether with `merge_flat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Variant {
    pub input: FloatDtype,
    pub output: FloatDtype,
    pub is_flat: bool,
}

/// The pipelines of one device.
pub(super) struct Pipelines {
    pub layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    module: wgpu::ShaderModule,
    made: HashMap<Variant, wgpu::ComputePipeline>,
}

impl Pipelines {
    /// Compiles the shader; its pipelines are made when they are first asked for.
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let source = concat!(include_str!("numbers.wgsl"), include_str!("merge.wgsl"));
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("merge"),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let layout = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("merge"), entries: &entries() });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("merge"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        Self { layout, pipeline_layout, module, made: HashMap::new() }
    }

    /// The pipeline for `variant`.
    pub(super) fn get(&mut self, device: &wgpu::Device, variant: Variant) -> &wgpu::ComputePipeline {
        let Self { pipeline_layout, module, made, .. } = self;
        made.entry(variant).or_insert_with(|| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("merge"),
                layout: Some(pipeline_layout),
                module,
                entry_point: Some(if variant.is_flat { "merge_flat" } else { "merge_tiled" }),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &[
                        ("INPUT_DTYPE", shader_number(variant.input)),
                        ("OUTPUT_DTYPE", shader_number(variant.output)),
                    ],
                    // Every word of it is written before it is read.
                    zero_initialize_workgroup_memory: false,
                },
                cache: None,
            })
        })
    }
}

/// The constants of `numbers.wgsl`.
fn shader_number(dtype: FloatDtype) -> f64 {
    match dtype {
        FloatDtype::F32 => 0.0,
        FloatDtype::F16 => 1.0,
        FloatDtype::BF16 => 2.0,
    }
}

/// The bindings of `merge.wgsl`, in order.
fn entries() -> [wgpu::BindGroupLayoutEntry; 6] {
    let read = wgpu::BufferBindingType::Storage { read_only: true };
    let write = wgpu::BufferBindingType::Storage { read_only: false };
    let mut binding = 0;
    [wgpu::BufferBindingType::Uniform, read, read, read, write, write].map(|ty| {
        let entry = wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
            count: None,
        };
        binding += 1;
        entry
    })
}
