package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
)

// States of a run of a module, and results, as the suite calls them.
const (
	stateConfigured  = "CONFIGURED"
	stateFinished    = "FINISHED"
	stateInterrupted = "INTERRUPTED"

	resultPassed  = "PASSED"
	resultReview  = "REVIEW"
	resultSkipped = "SKIPPED"
	resultFailed  = "FAILED"
)

// Bounds of a plan. Modules of a configuration without an alias do not get in each other's way.
const (
	suiteWorkers  = 3
	moduleTimeout = 4 * time.Minute
)

// moduleResult is how one module ended.
type moduleResult struct {
	Plan      string `json:"plan"`
	Module    string `json:"module"`
	Result    string `json:"result"`
	Condition string `json:"condition,omitempty"` // what failed, with the suite's words
	Run       string `json:"run,omitempty"`       // id of the run: SUITE/log-detail.html?log=ID
	Surprise  string `json:"surprise,omitempty"`  // why it is not what was expected
}

// suiteRunner runs plans one after another.
type suiteRunner struct {
	suite   *suiteClient
	configs map[string]object
	rotate  func(context.Context) error // nil: nobody can
	say     func(format string, args ...any)
	most    time.Duration // for one module
	settle  time.Duration // from a rotation until the provider signs with the new keys
}

// conformanceRun runs plans and compares with what is expected.
func conformanceRun(c *cli.Context, t terminal) error {
	_, err := exactly(c)
	if err != nil {
		return err
	}
	issuer, base, err := conformancePlaces(c)
	if err != nil {
		return err
	}
	plans, err := choosePlans(c.StringSlice("plan"), c.Bool("all"))
	if err != nil {
		return err
	}
	expect, err := readExpectation(c.String("expect"))
	if err != nil {
		return err
	}
	roots, err := readRoots(c.String("ca"))
	if err != nil {
		return err
	}
	configs, err := suiteConfigs(issuer, base)
	if err != nil {
		return err
	}
	runner := &suiteRunner{suite: newSuiteClient(base, roots), configs: configs, say: t.say,
		most: moduleTimeout, settle: rotationSettles}
	if c.IsSet("data") {
		where, err := locateDev(c.String("data"))
		if err != nil {
			return err
		}
		if where.MasterKey == nil { // said now, and not by a module that ends in half an hour
			return withHint(fmt.Errorf("--data: no database in %s", c.String("data")), "start propusk conformance serve with the same --data first")
		}
		runner.rotate = rotateIn(c.String("data"))
	}
	results, err := runner.runAll(c.Context, plans)
	if err != nil {
		return err
	}
	expect.compare(plans, results)
	err = printResults(c, t, results)
	if err != nil {
		return err
	}
	return surprises(results)
}

// runAll runs the plans and returns every module in the order of its plan.
func (r *suiteRunner) runAll(ctx context.Context, plans []suitePlan) ([]*moduleResult, error) {
	var all []*moduleResult
	for _, p := range plans {
		results, err := r.runPlan(ctx, p)
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, nil
}

// runPlan makes a plan and runs its modules. Two modules that share an alias would take each other's
// callbacks, and a rotation of keys disturbs everybody, so it comes last and alone.
func (r *suiteRunner) runPlan(ctx context.Context, p suitePlan) ([]*moduleResult, error) {
	config := r.configs[p.config]
	made, err := r.suite.makePlan(ctx, p, config)
	if err != nil {
		return nil, err
	}
	if len(made.Modules) == 0 {
		return nil, fmt.Errorf("suite: plan %s has no modules", p.plan)
	}
	results := make([]*moduleResult, len(made.Modules))
	var together, alone []int
	for i, m := range made.Modules {
		if m.Name == rotateModule {
			alone = append(alone, i)
		} else {
			together = append(together, i)
		}
	}
	workers := suiteWorkers
	if config["alias"] != nil {
		workers = 1
	}
	done := 0
	var mu sync.Mutex
	one := func(i int) {
		result := r.runModule(ctx, made.ID, made.Modules[i])
		result.Plan = p.name
		mu.Lock()
		defer mu.Unlock()
		done++
		results[i] = result
		r.say("%s %d/%d %s %s", p.name, done, len(made.Modules), result.Module, result.Result)
	}
	inParallel(workers, together, one)
	inParallel(1, alone, one)
	return results, ctx.Err()
}

// inParallel calls do for every item, at most workers at a time.
func inParallel(workers int, items []int, do func(int)) {
	var group sync.WaitGroup
	slots := make(chan struct{}, workers)
	for _, item := range items {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			do(item)
		})
	}
	group.Wait()
}

// runModule runs one module to its end. What goes wrong with the suite itself is a result like any
// other: the modules after it may still say something.
func (r *suiteRunner) runModule(ctx context.Context, plan string, m suiteModule) *moduleResult {
	result := &moduleResult{Module: m.Name, Result: resultFailed}
	id, err := r.suite.create(ctx, plan, m)
	if err != nil {
		result.Condition = clipLine(err.Error(), 300)
		return result
	}
	result.Run = id
	err = r.drive(ctx, id, m)
	if err == nil {
		err = r.judge(ctx, id, result)
	}
	if err != nil {
		result.Result, result.Condition = resultFailed, clipLine(err.Error(), 300)
	}
	return result
}

// drive takes a run from its creation to its end.
func (r *suiteRunner) drive(ctx context.Context, id string, m suiteModule) error {
	state, err := r.suite.wait(ctx, id, r.most, stateConfigured, "WAITING", stateFinished, stateInterrupted)
	if err != nil {
		return err
	}
	if state == stateConfigured {
		if m.Name == rotateModule {
			err = r.rotateNow(ctx)
		}
		if err == nil {
			err = r.suite.start(ctx, id)
		}
		if err != nil {
			return errors.Join(err, r.suite.cancel(ctx, id))
		}
	}
	state, err = r.suite.wait(ctx, id, r.most, stateFinished, stateInterrupted)
	if err == nil && state == "" {
		err = errors.Join(fmt.Errorf("not finished after %s", r.most), r.suite.cancel(ctx, id))
	}
	return err
}

// judge reads how a run ended, and what failed in it.
func (r *suiteRunner) judge(ctx context.Context, id string, result *moduleResult) error {
	info, err := r.suite.info(ctx, id)
	if err != nil {
		return err
	}
	result.Result = info.Result
	if info.Status != stateFinished || info.Result == "" {
		result.Result = resultFailed
	}
	if result.Result == resultPassed || result.Result == resultReview {
		return nil
	}
	entries, err := r.suite.log(ctx, id)
	if err != nil {
		return err
	}
	result.Condition = failedConditions(entries)
	return nil
}

// failedConditions are the conditions that did not hold, in order, each once. An interruption only
// repeats the failure that caused it.
func failedConditions(entries []suiteEntry) string {
	var list []string
	for _, e := range entries {
		bad := slices.Contains([]string{"FAILURE", "WARNING", "SKIPPED", "INTERRUPTED"}, e.Result)
		if !bad || e.Result == stateInterrupted && len(list) > 0 {
			continue
		}
		text := e.Source + ": " + clipLine(e.Message, 300)
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return strings.Join(list, "; ")
}
