use std::sync::Arc;

use promsight_model::launch::{
    CommandForm, Dockerfile, InstructionKind, Launch, Manager, Package, Piece, StatementKind, Unit, Word,
};
use promsight_model::{FileId, SourceFile};

use crate::extract;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        id: FileId(0),
        path: path.to_owned(),
        shown_path: path.to_owned(),
        text: Arc::from(text),
    }
}

fn launches(path: &str, text: &str) -> Vec<Launch> {
    extract(&file(path, text)).launches
}

fn dockerfile(text: &str) -> Dockerfile {
    match launches("Dockerfile", text).pop() {
        Some(Launch::Dockerfile(dockerfile)) => dockerfile,
        other => panic!("no Dockerfile: {other:?}"),
    }
}

fn words(words: &[Word]) -> Vec<String> {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable { name, .. } => format!("${name}"),
        Piece::Arguments | Piece::List(_) => "$@".to_owned(),
        Piece::Unknown => "?".to_owned(),
    };
    words
        .iter()
        .map(|word| word.pieces.iter().map(piece).collect())
        .collect()
}

fn shown(kind: &InstructionKind) -> String {
    match kind {
        InstructionKind::Argument(name, value) => format!(
            "ARG {name} {:?}",
            value.as_ref().map(|word| words(std::slice::from_ref(word)))
        ),
        InstructionKind::Environment(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(name, word)| format!("{name}={}", words(std::slice::from_ref(word)).concat()))
                .collect();
            format!("ENV {}", pairs.join(","))
        }
        InstructionKind::Workdir(word) => format!("WORKDIR {}", words(std::slice::from_ref(word)).concat()),
        InstructionKind::Copy {
            from,
            sources,
            target,
        } => format!(
            "COPY {:?} {:?} {}",
            from.as_ref()
                .map(|word| words(std::slice::from_ref(word)).concat()),
            words(sources),
            words(std::slice::from_ref(target)).concat()
        ),
        InstructionKind::Run(text) => format!("RUN {}", text.text),
        InstructionKind::Entrypoint(form) => format!("ENTRYPOINT {}", command(form)),
        InstructionKind::Command(form) => format!("CMD {}", command(form)),
        InstructionKind::Shell(shell) => format!("SHELL {:?}", words(shell)),
        InstructionKind::Expose(ports) => format!("EXPOSE {:?}", words(ports)),
    }
}

fn command(form: &CommandForm) -> String {
    match form {
        CommandForm::Exec(list) => format!("{:?}", words(list)),
        CommandForm::Shell(text) => text.text.clone(),
    }
}

fn instructions(text: &str) -> Vec<String> {
    let stages = dockerfile(text).stages;
    stages
        .iter()
        .flat_map(|stage| &stage.instructions)
        .map(|instruction| shown(&instruction.kind))
        .collect()
}

#[test]
fn stages_have_bases_and_names() {
    let read = dockerfile(
        "# syntax=docker/dockerfile:1\nARG TAG=3.12\nFROM --platform=linux/amd64 python:${TAG} AS Base\nfrom base\n",
    );
    assert_eq!(read.arguments[0].0, "TAG");
    let stages: Vec<(String, Option<&str>)> = read
        .stages
        .iter()
        .map(|stage| {
            (
                words(std::slice::from_ref(&stage.base)).concat(),
                stage.name.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        stages,
        [
            ("python:$TAG".to_owned(), Some("base")),
            ("base".to_owned(), None)
        ]
    );
}

#[test]
fn instructions_are_read_in_both_forms() {
    let text = "FROM a\nENV A=1 B=\"x y\"\nENV OLD one two\nWORKDIR /app\nCOPY --chown=1:1 --from=build src/ lib /app/\n\
                ENTRYPOINT [\"python\", \"-m\", \"shop\"]\nCMD exec run --port $PORT\nEXPOSE 80 90/tcp\nARG X\n";
    assert_eq!(
        instructions(text),
        [
            "ENV A=1,B=x y",
            "ENV OLD=one two",
            "WORKDIR /app",
            "COPY Some(\"build\") [\"src/\", \"lib\"] /app/",
            "ENTRYPOINT [\"python\", \"-m\", \"shop\"]",
            "CMD exec run --port $PORT",
            "EXPOSE [\"80\", \"90/tcp\"]",
            "ARG X None",
        ]
    );
}

#[test]
fn lines_are_continued_past_comments_and_documents_are_passed() {
    let text = "FROM a\nRUN x && \\\n  # why\n\n  y\nRUN <<EOF\nCMD no\nEOF\nCMD [\"b\", \\\n  \"c\"]\n";
    assert_eq!(
        instructions(text),
        ["RUN x &&   y", "RUN <<EOF", "CMD [\"b\", \"c\"]"]
    );
    let windows = "# escape=`\nFROM a\nCMD x `\n y\\\n";
    assert_eq!(instructions(windows), ["CMD x  y\\"]);
}

#[test]
fn places_lead_back_through_continued_lines() {
    let text = "FROM a\nCMD [\"b\", \\\n  \"cd\"]\n";
    let read = dockerfile(text);
    let InstructionKind::Command(CommandForm::Exec(list)) = &read.stages[0].instructions[0].kind else {
        panic!("a list");
    };
    assert_eq!(&text[list[1].span.range()], "cd");
    let text = "FROM a\nENV A=b \\\n  CC=dd\n";
    let read = dockerfile(text);
    let InstructionKind::Environment(pairs) = &read.stages[0].instructions[0].kind else {
        panic!("variables");
    };
    assert_eq!(&text[pairs[1].1.span.range()], "dd");
}

fn units(path: &str, text: &str) -> Vec<(Manager, String, Vec<String>)> {
    let units = launches(path, text)
        .into_iter()
        .filter_map(|launch| match launch {
            Launch::Unit(unit) => Some(unit),
            _ => None,
        });
    units
        .map(|unit: Unit| {
            let StatementKind::Command { words: list, .. } = &unit.command.body[0].kind else {
                panic!("a command");
            };
            (unit.manager, unit.name.clone(), words(list))
        })
        .collect()
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn process_managers_name_commands() {
    assert_eq!(
        units(
            "Procfile",
            "web: gunicorn -b :$PORT a:b\n# no\nworker: celery -A a worker\n"
        ),
        [
            (
                Manager::Procfile,
                "web".to_owned(),
                texts(&["gunicorn", "-b", ":$PORT", "a:b"])
            ),
            (
                Manager::Procfile,
                "worker".to_owned(),
                texts(&["celery", "-A", "a", "worker"])
            ),
        ]
    );
    let service = "[Unit]\nDescription=x\n[Service]\nExecStart=-/opt/{{ home }}/python \\\n  -m shop --name \"a b\"\nEnvironment=A=1 \"B=2 3\"\n";
    assert_eq!(
        units("deploy/shop.service.j2", service),
        [(
            Manager::Systemd,
            "shop".to_owned(),
            texts(&["/opt/?/python", "-m", "shop", "--name", "a b"])
        )]
    );
    let supervisor = "[supervisord]\nnodaemon=true\n[program:api]\ncommand=uvicorn a:b --port %(ENV_PORT)s\ndirectory=/app\n[program:off]\ncommand=x\nautostart=false\n";
    assert_eq!(
        units("docker/supervisord.conf", supervisor),
        [(
            Manager::Supervisor,
            "api".to_owned(),
            texts(&["uvicorn", "a:b", "--port", "$PORT"])
        )]
    );
}

#[test]
fn a_unit_of_systemd_sets_variables() {
    let found = launches(
        "a.service",
        "[Service]\nExecStart=x\nEnvironment=A=1 \"B=2 3\"\nWorkingDirectory=/srv\n",
    );
    let [Launch::Unit(unit)] = found.as_slice() else {
        panic!("one unit");
    };
    let pairs: Vec<(&str, String)> = unit
        .environment
        .iter()
        .map(|(name, word)| (name.as_str(), words(std::slice::from_ref(word)).concat()))
        .collect();
    assert_eq!(pairs, [("A", "1".to_owned()), ("B", "2 3".to_owned())]);
    assert_eq!(words(unit.directory.as_slice()), ["/srv"]);
}

fn scripts(path: &str, text: &str) -> (Vec<(String, String)>, Vec<String>) {
    let found = launches(path, text);
    let [Launch::Package(Package { scripts, roots, .. })] = found.as_slice() else {
        panic!("one package: {found:?}");
    };
    for script in scripts {
        assert_eq!(
            &text[script.span.range()].split(':').next().unwrap_or_default(),
            &script.module
        );
    }
    let scripts = scripts
        .iter()
        .map(|script| (script.name.clone(), script.module.clone()));
    (scripts.collect(), roots.clone())
}

#[test]
fn packages_install_commands() {
    let one = |name: &str, module: &str| vec![(name.to_owned(), module.to_owned())];
    assert_eq!(
        scripts(
            "pyproject.toml",
            "[project]\nname = \"shop\"\nscripts = { shop = \"shop.cli:main\" }\n[tool.setuptools.packages.find]\nwhere = [\"src\"]\n"
        ),
        (one("shop", "shop.cli"), vec!["src".to_owned()])
    );
    assert_eq!(
        scripts(
            "a/pyproject.toml",
            "[tool.poetry]\npackages = [{ include = \"shop\", from = \"lib\" }]\n[tool.poetry.scripts]\nshop = { reference = \"shop.cli\", type = \"file\" }\n"
        ),
        (one("shop", "shop.cli"), vec!["lib".to_owned()])
    );
    assert_eq!(
        scripts(
            "setup.cfg",
            "[options]\npackage_dir =\n    = src\n[options.entry_points]\nconsole_scripts =\n    shop = shop.cli:main\n"
        ),
        (one("shop", "shop.cli"), vec!["src".to_owned()])
    );
    assert_eq!(
        scripts(
            "setup.py",
            "setup(name='shop', package_dir={'': 'src'}, entry_points={'console_scripts': ['shop = shop.cli:main']})\n"
        ),
        (one("shop", "shop.cli"), vec!["src".to_owned()])
    );
}

#[test]
fn build_commands_link_images_to_their_dockerfiles() {
    let builds = |path: &str, text: &str| -> Vec<Vec<String>> {
        let found = launches(path, text)
            .into_iter()
            .filter_map(|launch| match launch {
                Launch::Build(build) => {
                    Some([Some(build.image), build.dockerfile, build.context, build.target])
                }
                _ => None,
            });
        found
            .map(|build| words(&build.into_iter().flatten().collect::<Vec<_>>()))
            .collect()
    };
    assert_eq!(
        builds(
            "Makefile",
            "TAG ?= 1\nimage:\n\t@docker build -t acme/api:$(TAG) \\\n\t  -f docker/api.Dockerfile --build-arg A=b .\n"
        ),
        [texts(&["acme/api:1", "docker/api.Dockerfile", "."])]
    );
    assert_eq!(
        builds(
            "build.sh",
            "if true; then docker buildx build --platform x --tag=a/b --target web services/b; fi\n"
        ),
        [texts(&["a/b", "services/b", "web"])]
    );
}

#[test]
fn settings_of_servers_and_files_of_variables() {
    let settings = |path: &str, text: &str| match launches(path, text).pop() {
        Some(Launch::Settings(settings) | Launch::Variables(settings)) => {
            for (_, value, span) in &settings {
                assert_eq!(&text[span.range()], value);
            }
            settings
                .into_iter()
                .map(|(name, value, _)| format!("{name}={value}"))
                .collect::<Vec<_>>()
        }
        other => panic!("no settings: {other:?}"),
    };
    assert_eq!(
        settings(
            "gunicorn.conf.py",
            "bind = \"0.0.0.0:80\"\nworkers = 4\nx = f()\n"
        ),
        ["bind=0.0.0.0:80", "workers=4"]
    );
    assert_eq!(
        settings("uwsgi.ini", "[uwsgi]\nmodule = shop.wsgi:app\nhttp=:80\n"),
        ["module=shop.wsgi:app", "http=:80"]
    );
    assert_eq!(
        settings("docker/app.env", "# no\nA=1\nexport B='x y'\n"),
        ["A=1", "B=x y"]
    );
}

#[test]
fn only_scripts_for_a_shell_are_read_as_such() {
    assert_eq!(launches("bin/start", "#!/usr/bin/env bash\nexec a\n").len(), 1);
    assert_eq!(launches("bin/start", "#!/usr/bin/env python\nimport a\n"), []);
    assert_eq!(launches("LICENSE", "start\n"), []);
}

#[test]
fn hostile_texts_end() {
    let deep = "[".repeat(100_000);
    for (path, text) in [
        ("Dockerfile", format!("FROM a\nCMD {deep}")),
        ("Dockerfile", "FROM a\\\n".repeat(30_000)),
        ("Dockerfile", "FROM a\nRUN <<A\n".repeat(20_000)),
        ("pyproject.toml", format!("a = {deep}")),
        ("a.service", "[Service]\nExecStart=\\\n".repeat(20_000)),
        (
            "supervisord.conf",
            format!("[program:x]\ncommand={}", "%(ENV_".repeat(50_000)),
        ),
        ("Makefile", "\tdocker build -t $(".repeat(20_000)),
        ("Procfile", "a: $(\n".repeat(20_000)),
        ("gunicorn.conf.py", "a = \"".repeat(50_000)),
    ] {
        launches(path, &text);
    }
}

/// The images with what they are built of, and the releases with what they are given.
fn delivered(path: &str, text: &str) -> Vec<String> {
    let one = |word: &Word| words(std::slice::from_ref(word)).concat();
    let some = |word: &Option<Word>| word.as_ref().map_or("-".to_owned(), one);
    let found = launches(path, text)
        .into_iter()
        .filter_map(|launch| match launch {
            Launch::Build(build) => Some(format!(
                "{} of {} in {} to {}",
                one(&build.image),
                some(&build.dockerfile),
                some(&build.context),
                some(&build.target)
            )),
            Launch::Release(release) => Some(format!(
                "{} as {} in {} with {:?} {:?}",
                one(&release.chart),
                some(&release.name),
                some(&release.namespace),
                words(&release.values),
                release
                    .settings
                    .iter()
                    .map(|(_, word)| one(word))
                    .collect::<Vec<_>>()
            )),
            _ => None,
        });
    found.collect()
}

#[test]
fn workflows_build_images_by_actions_with_matrices_and_composed_names() {
    let workflow = "\
env: { REGISTRY: ghcr.io/acme }
jobs:
  images:
    strategy: { matrix: { service: [api, worker], include: [{ service: beat }] } }
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: ./services/${{ matrix.service }}
          tags: |
            ${{ env.REGISTRY }}/${{ matrix.service }}:${{ github.sha }}
  web:
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with: { images: 'name=ghcr.io/acme/web' }
      - uses: docker/build-push-action@v6
        with: { file: web/Dockerfile, target: final, tags: '${{ steps.meta.outputs.tags }}' }
  deploy:
    defaults: { run: { working-directory: deploy } }
    steps:
      - run: |
          helm upgrade --install --namespace=shop web ./chart -f values-${{ inputs.env }}.yaml --set tag=${{ github.sha }}
";
    assert_eq!(
        delivered(".github/workflows/deliver.yml", workflow),
        [
            "ghcr.io/acme/api:$github.sha of - in ./services/api to -",
            "ghcr.io/acme/worker:$github.sha of - in ./services/worker to -",
            "ghcr.io/acme/beat:$github.sha of - in ./services/beat to -",
            "ghcr.io/acme/web of web/Dockerfile in - to final",
            "deploy/./chart as web in shop with [\"deploy/values-$inputs_env.yaml\"] [\"tag=$github_sha\"]",
        ]
    );
}

#[test]
fn pipelines_of_gitlab_and_cloud_build_build_images() {
    let gitlab = "\
variables: { IMAGE: registry.example/shop/api }
build:
  script:
    - /kaniko/executor --context $CI_PROJECT_DIR/api --dockerfile api/Dockerfile --destination $IMAGE:$CI_COMMIT_SHA
    - docker build -t registry.example/shop/web web
";
    assert_eq!(
        delivered(".gitlab-ci.yml", gitlab),
        [
            "registry.example/shop/api:$CI_COMMIT_SHA of api/Dockerfile in ./api to -",
            "registry.example/shop/web of - in web to -",
        ]
    );
    let cloud = "\
steps:
  - { name: gcr.io/cloud-builders/docker, args: [build, -t, 'gcr.io/$PROJECT_ID/${_NAME}', .], dir: services/api }
  - { name: gcr.io/kaniko-project/executor, args: ['--destination=gcr.io/$PROJECT_ID/web', '--context=dir://web'] }
substitutions: { _NAME: api }
";
    assert_eq!(
        delivered("cloudbuild.yaml", cloud),
        [
            "gcr.io/$PROJECT_ID/api of - in services/api/. to -",
            "gcr.io/$PROJECT_ID/web of - in web to -",
        ]
    );
}

#[test]
fn definitions_of_bake_and_tilt_build_images() {
    let bake = "\
variable \"TAG\" { default = \"1\" }
target \"base\" {
  context = \"services\"
  dockerfile = \"docker/app.Dockerfile\"
}
target \"api\" {
  inherits = [\"base\"]
  target = \"api\"
  tags = [\"acme/api:${TAG}\"]
}
";
    assert_eq!(
        delivered("docker-bake.hcl", bake),
        ["acme/api:1 of services/docker/app.Dockerfile in services to api"]
    );
    let tilt = "\
# docker_build('acme/old', 'old')
docker_build('acme/api', 'services/api', dockerfile='api.Dockerfile', live_update=[sync('a', 'b')])
k8s_yaml(helm('charts/shop', name='shop', namespace=\"dev\", values=['dev.yaml']))
docker_build(name, 'x')
";
    assert_eq!(
        delivered("Tiltfile", tilt),
        [
            "acme/api of api.Dockerfile in services/api to -",
            " of - in x to -",
            "charts/shop as shop in dev with [\"dev.yaml\"] []",
        ]
    );
}

#[test]
fn charts_of_servers_and_trials_of_rendering_are_no_releases() {
    for command in [
        "helm upgrade --install a web --repo https://charts.example",
        "helm upgrade a ./chart --dry-run",
        "helm template a ./chart",
        "helm uninstall a",
        "helm upgrade --install a",
    ] {
        assert_eq!(delivered("deploy.sh", command), Vec::<String>::new(), "{command}");
    }
    assert_eq!(
        delivered(
            "Makefile",
            "NS := shop\ndeploy:\n\t@helm --kube-context k upgrade till ./chart -n $(NS) -f a.yaml,b.yaml \\\n\t  --set-string x=1\n"
        ),
        ["./chart as till in shop with [\"a.yaml,b.yaml\"] [\"x=1\"]"]
    );
}
