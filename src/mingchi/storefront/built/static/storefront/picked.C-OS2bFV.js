import{z as o}from"./index-DOWWwy0t.js";const r=o("category",null);export{r as p};
