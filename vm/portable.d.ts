// AssemblyScript's integer types as TypeScript sees them, in the files that both compilers read (layout.ts, tuning.ts).
declare type u32 = number;
declare type i32 = number;
